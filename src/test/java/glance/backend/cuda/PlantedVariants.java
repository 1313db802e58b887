package glance.backend.cuda;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Emulated devices with one more variant of linear, as somebody would add who tries a kernel. */
public final class PlantedVariants {
    private static final List<String> FILES = List.of("copy", "epilogue", "linear", "linear_copy");

    private PlantedVariants() {}

    /** With a variant "twin", which launches what "plain" does. */
    public static Device withATwin(DeviceOptions options) {
        return with(
                options, launcher -> new Twin(LinearPlain.tiles(launcher)), new EmulatedDriver());
    }

    /** With a variant "wrong", from a copy of linear.cu that kept the name of its entry point. */
    public static Device withAWrongCopy(DeviceOptions options) {
        return with(options, WrongCopy::new, EmulatedDriver.of(FILES));
    }

    private static Device with(
            DeviceOptions options, Function<Launcher, Variant<?>> variant, Driver driver) {
        return new CudaDevice(
                new DeviceInfo("cuda-emulated", "emulated", 0, null),
                driver,
                options,
                new CudaVariants(options.variants(), Map.of("linear", variant)));
    }

    private record Twin(LinearPlain plain) implements Variant<Op.Linear> {
        @Override
        public String name() {
            return "twin";
        }

        @Override
        public String refuses(Op.Linear op) {
            return plain.refuses(op);
        }

        @Override
        public long workspaceBytes(Op.Linear op) {
            return plain.workspaceBytes(op);
        }

        @Override
        public void run(Op.Linear op) {
            plain.run(op);
        }
    }

    private record WrongCopy(Launcher launcher) implements Variant<Op.Linear> {
        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public void run(Op.Linear op) {
            launcher.launch(
                    "linear_copy",
                    "linear_tile_f32",
                    Grid.of(1),
                    new Arguments()
                            .pointer(Launcher.address(op.out()))
                            .i32(Math.toIntExact(op.out().numel())));
        }
    }
}

package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Lora;
import glance.api.Residency;
import glance.api.Strength;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.DryDevice;
import glance.cases.ForwardingDevice;
import glance.fixtures.Runs;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyKrea2;
import glance.io.BuiltInModel;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.schedule.PlanJson;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SizeCheckTest {
    private static final long MEBI = 1L << 20;

    /** A prompt of one token or more, 32 wide, in F32. */
    private static final long TEXT_BYTES = 4 * 32;

    private static Settings request(int width, int height, int batch, String plan) {
        return new Settings(
                List.of("x"),
                " ",
                0,
                batch,
                width,
                height,
                new Guidance(1, false),
                PlanJson.find(plan),
                List.of());
    }

    private static void check(long memoryBytes, Settings request) {
        check(memoryBytes, ModelFolder.open(BuiltInModel.path()), request);
    }

    private static void check(long memoryBytes, ModelFolder model, Settings request) {
        try (Device cpu = Devices.open("cpu", new DeviceOptions(1, null));
                Ops ops = new Ops(new Small(cpu, memoryBytes))) {
            new Pipeline(ops, model, Residency.STREAM).check(request);
        }
    }

    /** A device with less memory than it has. */
    private static final class Small extends ForwardingDevice {
        private final long memoryBytes;

        Small(Device inner, long memoryBytes) {
            super(inner, inner.kernels());
            this.memoryBytes = memoryBytes;
        }

        @Override
        public DeviceInfo info() {
            return new DeviceInfo("small", "for tests", memoryBytes, null);
        }
    }

    @Test
    void pictureBeyondTheMemory_isRefusedWithTheLargestThatFits() {
        assertThatThrownBy(() -> check(24 * MEBI, request(512, 512, 1, "uniform-1")))
                .isInstanceOf(DeviceException.class)
                .hasMessageMatching(
                        "out of memory: a picture of 512x512 would need 0\\.\\d\\d GiB of 0\\.02 GiB on"
                                + " small; the largest size of this shape that works is"
                                + " (1\\d\\d)x\\1; on the CPU java -Xmx.*");
    }

    @Test
    void theSizeThatIsNamed_isAccepted_andKeepsTheShape() {
        String message = null;
        try {
            check(24 * MEBI, request(1024, 512, 1, "uniform-1"));
        } catch (DeviceException e) {
            message = e.getMessage();
        }
        String[] size = message.replaceFirst(".*works is (\\d+x\\d+).*", "$1").split("x");
        int width = Integer.parseInt(size[0]);
        int height = Integer.parseInt(size[1]);
        assertThat(width).isBetween(2 * height - 8, 2 * height + 8);
        assertThatCode(() -> check(24 * MEBI, request(width, height, 1, "uniform-1")))
                .doesNotThrowAnyException();
    }

    @Test
    void usualPictures_areNotForecast_butManyOfThemAre() {
        assertThatCode(() -> check(1, request(64, 64, 1, "glance"))).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(1, request(64, 64, 2, "glance")))
                .hasMessageContainingAll("2 pictures of 64x64", "no size of this shape works");
    }

    /** Each strength has a text of its own, which the network refines before the first step. */
    @Test
    void strengthsThatChange_countWithAllTheirTexts(@TempDir Path folder) {
        TinyFolder tiny = TinyKrea2.raw(folder);
        Path file = tiny.adapter("text_fusion.layerwise_blocks.0.ff.down", 24, 32);
        ModelFolder model = ModelFolder.open(folder);
        int side = 2 * size(model);
        Settings flat = Runs.request(folder, "a star", "uniform-40", side, 1, loras(file, "0.5"));
        Settings ramp = Runs.request(folder, "a star", "uniform-40", side, 1, loras(file, "0..1"));
        long needed = bytes(model, ramp);
        assertThat(needed).isGreaterThan(bytes(model, flat) + 30 * TEXT_BYTES);
        assertThatCode(() -> check(needed, model, ramp)).doesNotThrowAnyException();
        assertThatCode(() -> check(needed - 1, model, flat)).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(needed - 1, model, ramp))
                .isInstanceOf(DeviceException.class)
                .hasMessageStartingWith("out of memory: a picture of");
    }

    private static List<Lora> loras(Path file, String strength) {
        return List.of(Lora.of(file).strength(Strength.parse(strength)));
    }

    private static int size(ModelFolder model) {
        return Families.of(model).geometry(model).defaultSize();
    }

    /** What a run takes at its worst moment, as the forecast of all of it says. */
    private static long bytes(ModelFolder model, Settings request) {
        try (Device cpu = Devices.open("cpu", new DeviceOptions(1, null));
                DryDevice dry = DryDevice.of(cpu)) {
            return MemoryForecast.of(dry, model, request).parts().stream()
                    .mapToLong(MemoryForecast.Part::scratchBytes)
                    .max()
                    .orElseThrow();
        }
    }

    @Test
    void pictureBeyondThePlan_isRefusedWithTheLargestThatHasSteps() {
        assertThatThrownBy(() -> check(Long.MAX_VALUE / 4, request(4096, 4096, 1, "glance")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "262144 image tokens", "the largest size of this shape that works is 3");
    }
}

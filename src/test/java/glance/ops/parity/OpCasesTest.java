package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.Device;
import glance.backend.DeviceInfo;
import glance.backend.DeviceMemory;
import glance.backend.KernelTable;
import glance.backend.Op;
import glance.backend.TrainingOp;
import glance.tensor.DType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The parity table has no gaps. */
class OpCasesTest {
    /** A device that notes which kinds of operation ran. */
    private static final class NotingDevice implements Device {
        final Set<Class<?>> seen = new HashSet<>();
        private final Device device;
        private final KernelTable kernels = new KernelTable();

        NotingDevice(Device device) {
            this.device = device;
            device.kernels().kinds().forEach(this::note);
        }

        private <O extends Op> void note(Class<O> kind) {
            kernels.with(
                    kind,
                    op -> {
                        seen.add(kind);
                        device.kernels().run(op);
                    });
        }

        @Override
        public DeviceInfo info() {
            return device.info();
        }

        @Override
        public DType computeType() {
            return device.computeType();
        }

        @Override
        public DeviceMemory memory() {
            return device.memory();
        }

        @Override
        public KernelTable kernels() {
            return kernels;
        }

        @Override
        public void synchronize() {
            device.synchronize();
        }

        @Override
        public void close() {
            device.close();
        }
    }

    @Test
    void all_coversEveryOperation() {
        assertThat(kinds(OpCases.all())).containsAll(operations());
    }

    @Test
    void large_coversEveryOperation() {
        assertThat(kinds(OpCases.large())).containsAll(operations());
    }

    @Test
    void names_areDistinct() {
        assertThat(OpCases.all().map(OpCase::name)).doesNotHaveDuplicates();
    }

    private static Set<Class<?>> kinds(Stream<OpCase> cases) {
        try (NotingDevice device = new NotingDevice(TestDevice.cpu(2).open())) {
            cases.forEach(opCase -> Parity.run(device, opCase));
            return device.seen;
        }
    }

    private static Set<Class<?>> operations() {
        return Stream.concat(
                        Arrays.stream(Op.class.getPermittedSubclasses())
                                .filter(kind -> kind != TrainingOp.class),
                        Arrays.stream(TrainingOp.class.getPermittedSubclasses()))
                .collect(Collectors.toSet());
    }
}

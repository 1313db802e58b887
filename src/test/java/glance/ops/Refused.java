package glance.ops;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.backend.Device;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;

/** Calls with wrong arguments, and arguments for them. */
final class Refused {
    private Refused() {}

    /** A call that is refused in these words. */
    static DynamicTest refused(String message, Consumer<Ops> call) {
        return DynamicTest.dynamicTest(
                message,
                () -> {
                    try (Device device = TestDevice.cpu(1).open();
                            Ops ops = new Ops(device)) {
                        assertThatThrownBy(() -> call.accept(ops))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessage(message);
                    }
                });
    }

    static Tensor t(Ops ops, int... dims) {
        return ops.empty(DType.F32, Shape.of(dims));
    }

    /** A view whose last dimension is not packed. */
    static Tensor strided(Ops ops, int... dims) {
        int[] wider = Arrays.copyOf(dims, dims.length + 1);
        wider[dims.length] = 2;
        return t(ops, wider).narrow(-1, 0, 1).reshape(dims);
    }
}

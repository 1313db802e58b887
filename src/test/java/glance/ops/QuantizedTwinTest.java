package glance.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import glance.backend.Device;
import glance.cases.RandomBlocks;
import glance.ops.parity.TestDevice;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.tensor.block.BlockFormat;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A quantised weight and the same numbers in F32 give the same results, to the bit. */
class QuantizedTwinTest {
    private static final int OUT = 40;
    private static final int IN = 512;

    static Stream<TestDevice> devices() {
        return TestDevice.all().stream();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void products_equalThoseOfTheExpandedTwin(TestDevice test) {
        if (test.problem() != null) {
            abort(test.problem());
        }
        try (Device device = test.open();
                Ops ops = new Ops(device)) {
            Arrays.stream(DType.values())
                    .filter(DType::isQuantised)
                    .forEach(type -> compare(ops, type));
        }
    }

    private static void compare(Ops ops, DType type) {
        Random random = new Random(type.ordinal());
        int size = OUT * IN;
        ByteBuffer blocks = RandomBlocks.of(type, size, type.ordinal());
        float[] values = new float[size];
        BlockFormat.of(type).read(blocks, 0, values, 0, size);
        ByteBuffer floats = ByteBuffer.allocateDirect(4 * size).order(blocks.order());
        floats.asFloatBuffer().put(values);
        Shape shape = Shape.of(OUT, IN);
        Tensor quantised = ops.host().adopt(type, shape, blocks);
        Tensor twin = ops.host().adopt(DType.F32, shape, floats);
        assertThat(quantised.dtype()).isEqualTo(type);
        assertThat(quantised.storage().bytes()).isEqualTo(type.bytes(size));
        for (int rows : List.of(1, 50)) {
            float[] xs = new float[rows * IN];
            for (int i = 0; i < xs.length; i++) {
                xs[i] = (float) random.nextGaussian();
            }
            try (Scope scope = ops.scope()) {
                Tensor x = ops.pack(ops.host().floats(Shape.of(1, rows, IN), FloatBuffer.wrap(xs)));
                assertThat(ops.host().bytes(ops.linear(x, quantised, null)))
                        .as("%s, %s rows", type, rows)
                        .isEqualTo(ops.host().bytes(ops.linear(x, twin, null)));
            }
        }
        quantised.storage().release();
        twin.storage().release();
    }
}

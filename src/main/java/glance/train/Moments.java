package glance.train;

import glance.api.AdamWSettings;
import glance.op.QuantizedBlocks;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Map;

/** The moving means of one parameter's gradient and of its square. Owns their memory. */
sealed interface Moments extends AutoCloseable {
    String FIRST = "first_moment";
    String SECOND = "second_moment";

    /** Parameters of fewer elements keep F32 moments, as in bitsandbytes. */
    int EIGHT_BIT_NUMEL = 4096;

    /** Zero moments of a parameter. */
    static Moments of(Ops ops, Shape shape, AdamWSettings settings) {
        if (settings.eightBitMoments() && shape.numel() >= EIGHT_BIT_NUMEL) {
            return new EightBit(blocks(ops, shape), blocks(ops, shape));
        }
        return new Floats(zeros(ops, shape), zeros(ops, shape));
    }

    private static Tensor zeros(Ops ops, Shape shape) {
        return own(ops, ops.training().zeros(DType.F32, shape));
    }

    private static QuantizedBlocks blocks(Ops ops, Shape shape) {
        QuantizedBlocks blocks = ops.training().quantizedZeros(shape);
        own(ops, blocks.codes());
        own(ops, blocks.scales());
        return blocks;
    }

    private static Tensor own(Ops ops, Tensor tensor) {
        tensor.storage().retain();
        ops.free(tensor);
        return tensor;
    }

    /** Everything that a checkpoint must keep, by name. */
    Map<String, Tensor> tensors();

    @Override
    default void close() {
        tensors().values().forEach(tensor -> tensor.storage().release());
    }

    /** In F32, of the parameter's shape. */
    record Floats(Tensor first, Tensor second) implements Moments {
        @Override
        public Map<String, Tensor> tensors() {
            return Map.of(FIRST, first, SECOND, second);
        }
    }

    /** In 8 bits. */
    record EightBit(QuantizedBlocks first, QuantizedBlocks second) implements Moments {
        @Override
        public Map<String, Tensor> tensors() {
            return Map.of(
                    FIRST + ".codes", first.codes(),
                    FIRST + ".scales", first.scales(),
                    SECOND + ".codes", second.codes(),
                    SECOND + ".scales", second.scales());
        }
    }
}

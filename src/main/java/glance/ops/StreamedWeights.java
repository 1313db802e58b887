package glance.ops;

import glance.backend.WeightTurns;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * Weights in host memory that come to the device block by block, when operations read them: see
 * {@link WeightTurns}.
 */
public final class StreamedWeights implements AutoCloseable {
    private final Ops ops;
    private final WeightTurns turns;

    StreamedWeights(Ops ops, WeightTurns turns) {
        this.ops = ops;
        this.turns = turns;
    }

    /**
     * Takes a weight. No operation may read weights of two blocks.
     *
     * @param block counted from 0 in the order of use
     */
    public Tensor add(int block, DType dtype, Shape shape, ByteBuffer data) {
        ops.check();
        return turns.add(block, dtype, shape, data);
    }

    /** Frees what they take; they cannot be read any more. */
    @Override
    public void close() {
        turns.close();
    }
}

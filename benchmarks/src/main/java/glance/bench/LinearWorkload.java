package glance.bench;

import ai.djl.pytorch.jni.IValue;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.ops.Ops;
import glance.cases.Cost;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** {@code x W^T + bias}, with {@code scale (x A^T) B^T} when there is an adapter. */
final class LinearWorkload extends Workload {
    private static final float SCALE = 0.5f;

    private final Tensor x; // (1, rows, in)
    private final Tensor weight; // (out, in)
    private final Tensor bias; // (out)
    private final LowRank lora;
    private final String method;
    private final IValue[] arguments;

    /**
     * @param dtype how the engine stores the weight; PyTorch gets the same numbers as F32
     * @param rank rank of the adapter, 0 for none
     */
    LinearWorkload(int rows, int in, int out, DType dtype, int rank) {
        super(
                "linear [%d, %d] x [%d, %d]^T, %s weight%s"
                        .formatted(rows, in, out, in, dtype, rank > 0 ? ", adapter r" + rank : ""),
                new Cost(
                        2.0 * rows * in * out + 2.0 * rows * rank * (in + out),
                        4.0 * rows * (in + out)
                                + (double) dtype.bytes() * in * out
                                + 4.0 * rank * (in + out)));
        float[] input = values.unit(rows * in);
        float[] matrix = values.weight(out, in);
        float[] offset = values.unit(out);
        x = glance.floats(input, 1, rows, in);
        weight = glance.weight(dtype, matrix, out, in);
        bias = glance.weight(DType.F32, offset, out);
        IValue xPeer = torch.argument(input, 1, rows, in);
        IValue weightPeer = torch.argument(matrix, out, in);
        IValue biasPeer = torch.argument(offset, out);
        if (rank == 0) {
            lora = null;
            method = "linear";
            arguments = new IValue[] {xPeer, weightPeer, biasPeer};
        } else {
            float[] down = values.weight(rank, in);
            float[] up = values.weight(out, rank);
            lora =
                    new LowRank(
                            glance.weight(DType.F32, down, rank, in),
                            glance.weight(DType.F32, up, out, rank),
                            SCALE);
            method = "linear_lora";
            arguments =
                    new IValue[] {
                        xPeer,
                        weightPeer,
                        biasPeer,
                        torch.argument(down, rank, in),
                        torch.argument(up, out, rank),
                        IValue.from((double) SCALE)
                    };
        }
    }

    @Override
    protected Tensor compute(Ops ops) {
        return ops.linear(x, weight, bias, lora, Epilogue.none());
    }

    @Override
    protected IValue computePeer() {
        return torch.call(method, arguments);
    }
}

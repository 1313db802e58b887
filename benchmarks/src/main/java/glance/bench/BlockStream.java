package glance.bench;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Weights of one stream of a block, for both sides. The order is that of the lists {@code t} and
 * {@code i} in peer.py.
 */
final class BlockStream {
    /** A product with its bias. */
    record Affine(Tensor weight, Tensor bias) {}

    private final List<PtNDArray> peers = new ArrayList<>();
    private final Glance glance;
    private final Torch torch;
    private final Values values;
    private final DType dtype;

    final Affine q;
    final Affine k;
    final Affine v;
    final Tensor qNorm; // (headDim)
    final Tensor kNorm; // (headDim)
    final Affine out;
    final Affine up;
    final Affine down;

    BlockStream(Glance glance, Torch torch, Values values, DType dtype, int dim, int headDim) {
        this.glance = glance;
        this.torch = torch;
        this.values = values;
        this.dtype = dtype;
        q = affine(dim, dim);
        k = affine(dim, dim);
        v = affine(dim, dim);
        qNorm = vector(headDim);
        kNorm = vector(headDim);
        out = affine(dim, dim);
        up = affine(4 * dim, dim);
        down = affine(dim, 4 * dim);
    }

    /** The weights as PyTorch's list. */
    IValue peer() {
        return torch.argument(peers);
    }

    private Affine affine(int out, int in) {
        float[] matrix = values.weight(out, in);
        Tensor weight = glance.weight(dtype, matrix, out, in);
        peers.add(torch.array(matrix, out, in));
        return new Affine(weight, vector(out));
    }

    private Tensor vector(int n) {
        float[] numbers = values.uniform(n, 1);
        peers.add(torch.array(numbers, n));
        return glance.weight(DType.F32, numbers, n);
    }
}

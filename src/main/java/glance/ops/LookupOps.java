package glance.ops;

import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Arrays;

/** Vectors for token ids and for noise levels. */
public sealed interface LookupOps extends CopyOps permits Ops {
    /**
     * Row {@code ids[i]} of the table for each i; PyTorch {@code embedding}. Ids are not checked
     * against the table here (they live on the device): check them on the host.
     *
     * @param ids [...] I32
     * @param table [vocab, dim], any float dtype
     * @return [..., dim]
     */
    default Tensor embedding(Tensor ids, Tensor table) {
        Check.dtype("embedding", "ids", ids, DType.I32);
        Check.rank("embedding", "table", table, 2, "[vocab, dim]");
        Check.packed("embedding", "table", table);
        int[] dims = Arrays.copyOf(ids.shape().dims(), ids.rank() + 1);
        dims[ids.rank()] = table.dim(1);
        Tensor out = empty(computeType(), Shape.of(dims));
        run(new Op.Embedding(contiguous(ids), table, out));
        return out;
    }

    /**
     * {@code [cos(scale t f_j) | sin(scale t f_j)]}, {@code f_j = 10000^(-j / (dim/2 -
     * freqShift))}; the diffusers class Timesteps with flip_sin_to_cos.
     *
     * @param t [n] F32
     * @param dim positive and even
     * @param freqShift less than dim / 2
     * @return [n, dim]
     */
    default Tensor timestepEmbedding(Tensor t, int dim, float scale, float freqShift) {
        Check.rank("timestepEmbedding", "t", t, 1, "[n]");
        Check.dtype("timestepEmbedding", "t", t, DType.F32);
        Check.that(
                dim >= 2 && dim % 2 == 0,
                "timestepEmbedding",
                "dim must be positive and even, got " + dim);
        Check.that(
                freqShift < dim / 2,
                "timestepEmbedding",
                "freqShift must be less than dim / 2 = " + dim / 2 + ", got " + freqShift);
        Tensor out = empty(computeType(), Shape.of(t.dim(0), dim));
        run(new Op.TimestepEmbedding(contiguous(t), scale, freqShift, out));
        return out;
    }
}

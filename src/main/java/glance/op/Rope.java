package glance.op;

import glance.tensor.Tensor;

/**
 * Rotary position tables: position {@code p} turns pair {@code j} of a head by the angle whose
 * cosine and sine are {@code cos[p, j]} and {@code sin[p, j]}: {@code (a, b) -> (a cos - b sin, a
 * sin + b cos)}.
 *
 * @param cos [seqLen, headDim / 2] F32, or [batch, seqLen, headDim / 2] where samples differ
 * @param sin the same shape
 * @param pairing which two elements of a head form pair j
 */
public record Rope(Tensor cos, Tensor sin, Pairing pairing) {
    /** Whether each sample has positions of its own. */
    public boolean isPerSample() {
        return cos.rank() == 3;
    }

    /** Number of positions. */
    public int seqLen() {
        return cos.dim(cos.rank() - 2);
    }

    /** The row of the tables, all samples counted through, for a position of a sample. */
    public long row(long sample, long position) {
        return isPerSample() ? sample * seqLen() + position : position;
    }

    /** Which elements of a head of dimension D are turned together; for D = 8:. */
    public enum Pairing {
        /** Neighbours: {@code (0,1) (2,3) (4,5) (6,7)}. FLUX, Qwen-Image. */
        INTERLEAVED,
        /** Halves: {@code (0,4) (1,5) (2,6) (3,7)}. Llama, Qwen2 ("rotate_half"). */
        HALVES
    }
}

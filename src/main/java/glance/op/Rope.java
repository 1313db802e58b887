package glance.op;

import glance.tensor.Tensor;

/**
 * Rotary position tables: position {@code p} turns pair {@code j} of a head by the angle whose
 * cosine and sine are {@code cos[p, j]} and {@code sin[p, j]}: {@code (a, b) -> (a cos - b sin, a
 * sin + b cos)}.
 *
 * @param cos [seqLen, headDim / 2] F32
 * @param sin [seqLen, headDim / 2] F32
 * @param pairing which two elements of a head form pair j
 */
public record Rope(Tensor cos, Tensor sin, Pairing pairing) {
    /** Which elements of a head of dimension D are turned together; for D = 8:. */
    public enum Pairing {
        /** Neighbours: {@code (0,1) (2,3) (4,5) (6,7)}. FLUX, Qwen-Image. */
        INTERLEAVED,
        /** Halves: {@code (0,4) (1,5) (2,6) (3,7)}. Llama, Qwen2 ("rotate_half"). */
        HALVES
    }
}

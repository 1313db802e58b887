package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;

/** Finds the adapter that comes closest to the difference of two weights of one module. */
public final class LoraExtract {
    private LoraExtract() {}

    /**
     * What was found.
     *
     * @param pair F32 matrices with alpha = rank
     * @param norm Frobenius norm of the difference
     * @param error the part of that norm which the adapter does not hold
     */
    public record Result(LoraPair pair, double norm, double error) {}

    /**
     * The adapter of rank {@code rank} nearest to {@code tuned - base} in the Frobenius norm; for
     * large matrices within about 1e-3 of the nearest, see {@link RandomizedSvd}.
     *
     * @param base the weight before, [out, in]
     * @param tuned the weight after, of the same shape
     * @return null if the two are equal
     * @throws IllegalArgumentException naming the module, if the rank is above the smaller side of
     *     the weight, or a weight is not finite
     */
    public static Result of(String module, HostTensor base, HostTensor tuned, int rank) {
        int out = base.shape().dim(0);
        int in = base.shape().dim(1);
        if (rank < 1 || rank > Math.min(out, in)) {
            throw new IllegalArgumentException(
                    module
                            + ": rank must be 1 to "
                            + Math.min(out, in)
                            + ", the smaller side of its weight, got "
                            + rank);
        }
        LargeMatrix difference = difference(module, base, tuned);
        double norm = Math.sqrt(difference.energy());
        if (norm == 0) {
            return null;
        }
        LowRankSvd svd = RandomizedSvd.of(difference, rank);
        double lost = Math.max(0, norm * norm - svd.energy(rank));
        return new Result(svd.truncated(rank), norm, Math.sqrt(lost) / norm);
    }

    /** Exact in float32 where the two are near each other, rounded once elsewhere. */
    private static LargeMatrix difference(String module, HostTensor base, HostTensor tuned) {
        int in = base.shape().dim(1);
        float[][] rows = new float[base.shape().dim(0)][in];
        float[] before = new float[in];
        for (int o = 0; o < rows.length; o++) {
            float[] row = rows[o];
            HostFloats.read(base.dtype(), base.data(), o * in, before);
            HostFloats.read(tuned.dtype(), tuned.data(), o * in, row);
            for (int i = 0; i < in; i++) {
                row[i] -= before[i];
                if (!Float.isFinite(row[i])) {
                    throw new IllegalArgumentException(
                            module
                                    + ": both weights must be finite, got a difference of "
                                    + row[i]);
                }
            }
        }
        return new LargeMatrix(rows);
    }
}

package glance.op;

import glance.tensor.Tensor;
import java.util.List;

/**
 * A low-rank addition to a frozen weight: {@code W + scale B diag(scales) A}. Never merged; the
 * product with it is computed as {@code x W^T + S B^T} with {@code S = scale (x A^T) diag(scales)}.
 * Hu et al., LoRA, arXiv 2106.09685, equation 3.
 *
 * @param a [rank, in], the "down" matrix
 * @param b [out, rank], the "up" matrix
 * @param scale strength times alpha / rank
 * @param scales F32 [rank], read by kernels at each product, or null for ones: where several
 *     adapters are joined, each has its own strength, which rounds neither of its matrices
 */
public record LowRank(Tensor a, Tensor b, float scale, Tensor scales) implements Addition {
    /** An addition of one strength. */
    public LowRank(Tensor a, Tensor b, float scale) {
        this(a, b, scale, null);
    }

    /** It, for all samples. */
    @Override
    public List<LowRank> shares() {
        return List.of(this);
    }

    /** Inner dimension. */
    @Override
    public int rank() {
        return a.dim(0);
    }
}

package glance.backend;

import glance.tensor.Tensor;

/**
 * A low-rank addition to a frozen weight: {@code W + scale B A}. Never merged; the product with it
 * is computed as {@code x W^T + scale (x A^T) B^T}. Hu et al., LoRA, arXiv 2106.09685, equation 3.
 *
 * @param a [rank, in], the "down" matrix
 * @param b [out, rank], the "up" matrix
 * @param scale strength times alpha / rank
 */
public record LowRank(Tensor a, Tensor b, float scale) {}

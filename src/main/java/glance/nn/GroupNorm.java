package glance.nn;

import glance.op.Activation;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.List;

/**
 * {@code act((x - mean) / sqrt(var + eps) * weight + bias)}, mean and variance of each group of
 * channels over all pixels of a picture, channels last. The statistics are taken first, of the
 * whole picture, so that the norm can be applied to a part of it.
 *
 * @param weight [channels]
 * @param bias [channels]
 */
public record GroupNorm(Tensor weight, Tensor bias, int groups, float eps) {
    /**
     * Statistics [batch, groups, 2] of a picture, given as strips [batch, height_i, width,
     * channels] from top to bottom.
     */
    public Tensor statistics(Ops ops, List<Tensor> strips) {
        return ops.groupStatistics(strips, groups, eps);
    }

    /** The norm of a picture, or of a part of it, with the statistics of the whole. */
    public Tensor forward(Ops ops, Tensor x, Tensor statistics, Activation activation) {
        return ops.groupNorm(x, statistics, weight, bias, activation);
    }
}

package glance.ops;

import glance.op.Activation;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Norms over the last dimension, and over groups of channels. */
public sealed interface NormOps extends PointwiseOps permits LinearOps {
    /**
     * {@code act(x / sqrt(mean(x^2) + eps) * weight)}, mean over the last dimension. Zhang and
     * Sennrich, arXiv 1910.07467.
     *
     * @param x [..., dim]
     * @param weight [dim], or null for 1
     */
    default Tensor rmsNorm(Tensor x, Tensor weight, float eps, Activation activation) {
        Check.given("rmsNorm", "activation", activation);
        Check.rows("rmsNorm", "x", x);
        if (weight != null) {
            Check.parameter(
                    "rmsNorm", "weight", weight, Shape.of(x.dim(-1)), "to match x " + x.shape());
        }
        if (isRecorded() && activation != Activation.NONE) {
            return activation(activation, rmsNorm(x, weight, eps));
        }
        Tensor out = empty(computeType(), x.shape());
        run(new Op.RmsNorm(Tokens.of(this, x), weight, eps, activation, Tokens.of(this, out)));
        return out;
    }

    /** {@link #rmsNorm(Tensor, Tensor, float, Activation)} without activation. */
    default Tensor rmsNorm(Tensor x, Tensor weight, float eps) {
        return rmsNorm(x, weight, eps, Activation.NONE);
    }

    /**
     * {@code norm(x) * (1 + scale) + shift} with {@code norm(x) = (x - mean) / sqrt(var + eps)}
     * over the last dimension: the adaptive norm of DiT, Peebles and Xie, arXiv 2212.09748.
     *
     * @param x [batch, seqLen, dim]
     * @param scale [batch or 1, dim], packed in the last dimension
     * @param shift [batch or 1, dim], packed in the last dimension
     */
    default Tensor layerNormModulate(Tensor x, Tensor scale, Tensor shift, float eps) {
        Op.LayerNorm norm = Modulated.norm(this, x, scale, shift, eps);
        run(norm);
        return norm.out();
    }

    /**
     * {@code (x - mean) / sqrt(var + eps) * weight + bias} over the last dimension; PyTorch {@code
     * layer_norm}.
     *
     * @param x [..., dim]
     * @param weight [dim], or null for 1
     * @param bias [dim], or null for 0
     */
    default Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float eps) {
        Check.rows("layerNorm", "x", x);
        Shape dim = Shape.of(x.dim(-1));
        if (weight != null) {
            Check.parameter("layerNorm", "weight", weight, dim, "to match x " + x.shape());
        }
        if (bias != null) {
            Check.parameter("layerNorm", "bias", bias, dim, "to match x " + x.shape());
        }
        Tensor out = empty(computeType(), x.shape());
        run(
                new Op.LayerNorm(
                        Tokens.of(this, x), weight, bias, null, null, eps, Tokens.of(this, out)));
        return out;
    }

    /**
     * What {@link #groupNorm} needs to know of a picture: mean and {@code 1 / sqrt(var + eps)} of
     * each group of {@code channels / groups} neighbouring channels, over all pixels of a sample.
     *
     * @param parts the picture, or strips of it from top to bottom, each [batch, height_i, width,
     *     channels]; how it is cut does not change the result
     * @param groups divides channels
     * @return [batch, groups, 2] F32
     */
    default Tensor groupStatistics(List<Tensor> parts, int groups, float eps) {
        String op = "groupStatistics";
        Check.given(op, "parts", parts);
        Check.that(!parts.isEmpty(), op, "needs at least one part");
        Tensor first = parts.get(0);
        List<Tensor> packed = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            Tensor part = parts.get(i);
            String name = "parts[" + i + "]";
            Check.rank(op, name, part, 4, "[batch, height, width, channels]");
            Shape want = first.shape().with(1, part.dim(1));
            Check.shape(op, name, part, want, "to match parts[0]");
            packed.add(contiguous(part));
        }
        Check.that(
                groups >= 1 && first.dim(3) % groups == 0,
                op,
                "groups must divide channels " + first.dim(3) + ", got " + groups);
        Tensor out = empty(DType.F32, Shape.of(first.dim(0), groups, 2));
        run(new Op.GroupStatistics(List.copyOf(packed), eps, out));
        return out;
    }

    /**
     * {@code act((x - mean) / sqrt(var + eps) * weight + bias)} with the statistics of each group
     * of channels; PyTorch {@code group_norm}, channels last. Wu and He, arXiv 1803.08494.
     *
     * @param x [batch, height, width, channels]: the picture or a part of it
     * @param statistics [batch, groups, 2] of the whole picture, from {@link #groupStatistics}
     * @param weight [channels]
     * @param bias [channels]
     */
    default Tensor groupNorm(
            Tensor x, Tensor statistics, Tensor weight, Tensor bias, Activation activation) {
        String op = "groupNorm";
        Check.given(op, "activation", activation);
        Check.rank(op, "x", x, 4, "[batch, height, width, channels]");
        Check.rank(op, "statistics", statistics, 3, "[batch, groups, 2]");
        int groups = statistics.dim(1);
        Shape want = Shape.of(x.dim(0), groups, 2);
        Check.parameter(op, "statistics", statistics, want, "to match x " + x.shape());
        Check.dtype(op, "statistics", statistics, DType.F32);
        Check.that(
                groups >= 1 && x.dim(3) % groups == 0,
                op,
                "the groups of statistics must divide channels " + x.dim(3) + ", got " + groups);
        Check.parameter(op, "weight", weight, Shape.of(x.dim(3)), "to match x " + x.shape());
        Check.parameter(op, "bias", bias, Shape.of(x.dim(3)), "to match x " + x.shape());
        Tensor out = empty(computeType(), x.shape());
        run(new Op.GroupNorm(contiguous(x), statistics, weight, bias, activation, out));
        return out;
    }
}

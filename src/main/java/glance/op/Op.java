package glance.op;

import glance.tensor.Tensor;
import java.util.List;

/**
 * One operation on device memory with all its arguments, already validated by {@code glance.ops}
 * (which documents formulas, shapes and errors). {@link #out} is written, everything else is read.
 * An optional argument is null when absent. Tensors are contiguous unless a line below says
 * otherwise; "rows" means packed in the last dimension, any strides before it.
 */
public sealed interface Op
        permits Op.Linear,
                Op.Linears,
                Op.Attention,
                Op.HeadNormRope,
                Op.RmsNorm,
                Op.LayerNorm,
                Op.GroupStatistics,
                Op.GroupNorm,
                Op.GateResidual,
                Op.Unary,
                Op.GatedActivation,
                Op.Binary,
                Op.Embedding,
                Op.TimestepEmbedding,
                Op.Copy,
                Op.Rotate,
                Op.Conv2d,
                Op.UpsampleNearest2x,
                Op.GuidedEuler,
                TrainingOp {
    /** The tensor that the operation writes. */
    Tensor out();

    /** {@code residual + gate * act(x W^T + bias + lora)}; x [batch, seqLen, in] is rows. */
    record Linear(
            Tensor x, Tensor weight, Tensor bias, Addition lora, Epilogue epilogue, Tensor out)
            implements Op {
        /** What is added for each share of the samples, null for none; empty without an adapter. */
        public List<LowRank> loras() {
            return lora == null ? List.of() : lora.shares();
        }

        /**
         * The product of one share of the samples alone.
         *
         * @param share index into {@link #loras}
         */
        public Linear share(int share) {
            return shares(share, 1);
        }

        /** The product of so many shares of the samples, which are not all of them. */
        public Linear shares(int first, int count) {
            int samples = x.dim(0) / lora.shares().size();
            return new Linear(
                    x.narrow(0, first * samples, count * samples),
                    weight,
                    bias,
                    LowRanks.of(lora.shares().subList(first, first + count)),
                    epilogue.samples(first * samples, count * samples),
                    out.narrow(0, first * samples, count * samples));
        }
    }

    /**
     * Products of one x, such as those of queries, keys and values: each is what it is alone, but a
     * device may share the work on x. Not recorded.
     *
     * @param members one or more; all have the same x
     * @param rounded x in 8 bits, for members that read that; null if what made x did not round it
     */
    record Linears(List<Linear> members, Rounded rounded) implements Op {
        public Linears {
            members = List.copyOf(members);
        }

        /** Products of an x that was not rounded. */
        public Linears(List<Linear> members) {
            this(members, null);
        }

        /** The result of the last product. */
        @Override
        public Tensor out() {
            return members.get(members.size() - 1).out();
        }
    }

    /**
     * {@code softmax(scale q k^T + mask) v}; q [batch, seqLen, numHeads, headDim], k and v [batch,
     * keyLen, numKvHeads, headDim], all rows; lse [batch, numHeads, seqLen] (log-sum-exp of the
     * scores, for the backward) is written when present.
     */
    record Attention(
            Tensor q, Tensor k, Tensor v, float scale, AttentionMask mask, Tensor lse, Tensor out)
            implements Op {}

    /**
     * RMSNorm over each head, then rotary positions, of several streams joined along the sequence;
     * streams [batch, seqLen_i, numHeads, headDim] rows, weights [headDim] (a null entry skips the
     * norm of that stream), out [batch, sum seqLen_i, numHeads, headDim].
     */
    record HeadNormRope(
            List<Tensor> streams, List<Tensor> weights, float eps, Rope rope, Tensor out)
            implements Op {}

    /** {@code act(x / sqrt(mean(x^2) + eps) * weight)} over the last dimension; x is rows. */
    record RmsNorm(Tensor x, Tensor weight, float eps, Activation activation, Tensor out)
            implements Op {}

    /**
     * {@code (x - mean) / sqrt(var + eps) [* weight + bias] [* (1 + scale) + shift]} over the last
     * dimension; x [batch, seqLen, dim] rows; scale, shift [batch or 1, dim] rows. The result in 8
     * bits is written too where rounded is present.
     */
    record LayerNorm(
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor scale,
            Tensor shift,
            float eps,
            Tensor out,
            Rounded rounded)
            implements Op {
        /** A norm whose result is not rounded. */
        public LayerNorm(
                Tensor x,
                Tensor weight,
                Tensor bias,
                Tensor scale,
                Tensor shift,
                float eps,
                Tensor out) {
            this(x, weight, bias, scale, shift, eps, out, null);
        }
    }

    /**
     * Mean and {@code 1 / sqrt(var + eps)} of each group of channels over all pixels of a sample;
     * parts [batch, height_i, width, channels] are strips of one picture, out [batch, groups, 2]
     * F32.
     */
    record GroupStatistics(List<Tensor> parts, float eps, Tensor out) implements Op {}

    /**
     * {@code act((x - mean) * inverse * weight + bias)}; x [batch, height, width, channels],
     * statistics [batch, groups, 2] F32: mean and inverse of each group of channels.
     */
    record GroupNorm(
            Tensor x,
            Tensor statistics,
            Tensor weight,
            Tensor bias,
            Activation activation,
            Tensor out)
            implements Op {}

    /** {@code residual + gate * y}; all [batch, seqLen, dim], gate [batch or 1, dim] rows. */
    record GateResidual(Tensor residual, Tensor gate, Tensor y, Tensor out) implements Op {}

    /** {@code act(x)}. */
    record Unary(Activation activation, Tensor x, Tensor out) implements Op {}

    /** {@code act(gate) * up}. */
    record GatedActivation(Activation activation, Tensor gate, Tensor up, Tensor out)
            implements Op {}

    /** {@code a (+ or *) b}; b has the shape of a, or [last dimension], or one element. */
    record Binary(Kind kind, Tensor a, Tensor b, Tensor out) implements Op {
        /** The arithmetic. */
        public enum Kind {
            ADD,
            MUL
        }
    }

    /**
     * Row {@code ids[i]} of the table for each i; ids I32, table [vocab, dim] of any float dtype.
     */
    record Embedding(Tensor ids, Tensor table, Tensor out) implements Op {}

    /**
     * Sinusoids of {@code scale * t}: frequencies {@code 10000^(-j / (half - freqShift))}, cosines
     * first; t [n] F32, out [n, dim].
     */
    record TimestepEmbedding(Tensor t, float scale, float freqShift, Tensor out) implements Op {}

    /** {@code out = x} converted to the dtype of out; both any strides, same shape. */
    record Copy(Tensor x, Tensor out) implements Op {}

    /**
     * {@code out[r, :] = scales[r] * (x[r, :] R)} with R of {@link glance.tensor.block.Hadamard}
     * for each group of columns; x [..., columns] of any float dtype, scales F32 [rows] or null;
     * out is F32 where x is, else of the compute dtype.
     */
    record Rotate(Tensor x, int group, Tensor scales, Tensor out) implements Op {}

    /**
     * Convolution, channels last: x [batch, height, width, in], weight [out, kh, kw, in], result
     * plus residual when present.
     */
    record Conv2d(
            Tensor x,
            Tensor weight,
            Tensor bias,
            int stride,
            Padding padding,
            Tensor residual,
            Tensor out)
            implements Op {}

    /** Zero rows and columns that a convolution imagines around its input. */
    record Padding(int top, int left, int bottom, int right) {
        /** The same on all sides. */
        public static Padding all(int size) {
            return new Padding(size, size, size, size);
        }
    }

    /** Each pixel becomes a 2 x 2 square; x [batch, height, width, channels]. */
    record UpsampleNearest2x(Tensor x, Tensor out) implements Op {}

    /**
     * One sampler step: {@code latents + dt v}, where v is the velocity or, with a negative one,
     * {@code g = n + guidance (v - n)}; all [batch, seqLen, channels]. If asked, g is rescaled to
     * {@code g |v| / |g|} per token, or it is shortened, over the whole sample, to {@code limit
     * |v|} where it is longer.
     *
     * @param limit 0 for none
     */
    record GuidedEuler(
            Tensor latents,
            Tensor velocity,
            Tensor negative,
            float guidance,
            boolean rescale,
            float limit,
            float dt,
            Tensor out)
            implements Op {}
}

package glance.op;

import glance.api.AdamWSettings;
import glance.tensor.Tensor;
import java.util.List;

/**
 * Operations that only training needs: gradients (dy is the gradient of the loss with respect to
 * the result of the forward operation, dx with respect to its argument), loss and optimizer. The
 * rules of {@link Op} hold; a gradient output that is null is not wanted.
 */
public sealed interface TrainingOp extends Op {
    /**
     * Gradients of {@link Op.Linear} without epilogue: {@code dx = dy W + scale (dy B) A} [batch,
     * seqLen, in], and towards the factors of its adapter {@code da = scale (dy B)^T x} [rank, in]
     * and {@code db = scale dy^T (x A^T)} [out, rank], both F32. dx is null if it is not wanted; da
     * and db are wanted both or not at all, and then x is contiguous.
     */
    record LinearGrad(Op.Linear forward, Tensor dy, Tensor dx, Tensor da, Tensor db)
            implements TrainingOp {
        @Override
        public Tensor out() {
            return dx == null ? da : dx;
        }

        /** The adapter, the same for all samples; or null. */
        public LowRank lora() {
            return (LowRank) forward.lora();
        }
    }

    /** out [n] = sum over the rows of x [rows, n]. */
    record SumRows(Tensor x, Tensor out) implements TrainingOp {}

    /**
     * Gradients of {@link Op.Attention} from its saved log-sum-exp: with P = exp(scale q k^T + mask
     * - lse), dv = P^T dy, dS = P (dy v^T - rowsum(dy y)), dq = scale dS k, dk = scale dS^T q. q, k
     * and v are rows, the rest contiguous. Dao et al., arXiv 2205.14135, appendix B.2.
     */
    record AttentionGrad(Op.Attention forward, Tensor dy, Tensor dq, Tensor dk, Tensor dv)
            implements TrainingOp {
        @Override
        public Tensor out() {
            return dq;
        }
    }

    /** Gradients of {@link Op.HeadNormRope} with respect to each of its streams. */
    record HeadNormRopeGrad(Op.HeadNormRope forward, Tensor dy, List<Tensor> dx)
            implements TrainingOp {
        @Override
        public Tensor out() {
            return dy;
        }
    }

    /** Input gradient of {@link Op.RmsNorm} without activation. */
    record RmsNormGrad(Op.RmsNorm forward, Tensor dy, Tensor out) implements TrainingOp {}

    /**
     * Gradients of {@link Op.LayerNorm} with scale and shift: out (of x), dScale [batch or 1, dim]
     * = sum over tokens of dy norm(x), dShift = sum over tokens of dy.
     */
    record LayerNormGrad(Op.LayerNorm forward, Tensor dy, Tensor dScale, Tensor dShift, Tensor out)
            implements TrainingOp {}

    /**
     * Gradients of {@link Op.GateResidual}: out (of y) = gate dy, dGate = sum over tokens of y dy.
     */
    record GateGrad(Op.GateResidual forward, Tensor dy, Tensor dGate, Tensor out)
            implements TrainingOp {}

    /** {@code act'(x) dy}. */
    record ActivationGrad(Activation activation, Tensor x, Tensor dy, Tensor out)
            implements TrainingOp {}

    /** {@code out += x}; both any strides and any of F32 and BF16, same shape. */
    record Accumulate(Tensor x, Tensor out) implements TrainingOp {}

    /** {@code out = value} everywhere; contiguous. */
    record Fill(float value, Tensor out) implements TrainingOp {}

    /** out [1] F32 = mean((prediction - target)^2), gradient = 2 (prediction - target) / n. */
    record MseLoss(Tensor prediction, Tensor target, Tensor gradient, Tensor out)
            implements TrainingOp {}

    /** out [1] = sqrt(sum of the squares of all elements of all tensors); all F32. */
    record GlobalNorm(List<Tensor> tensors, Tensor out) implements TrainingOp {}

    /**
     * One AdamW step on several parameters at once, all tensors F32: gradients are multiplied by
     * {@code clip} first; Loshchilov and Hutter, arXiv 1711.05101, in the arithmetic of
     * torch.optim.AdamW.
     *
     * @param step counted from 1
     */
    record AdamW(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<Tensor> firstMoments,
            List<Tensor> secondMoments,
            float clip,
            AdamWSettings settings,
            float learningRate,
            int step)
            implements TrainingOp {
        @Override
        public Tensor out() {
            return parameters.get(0);
        }
    }

    /**
     * {@link AdamW} with moments kept in 8 bits. The moments are unpacked, brought forward and used
     * in F32; then each block's new scale is its largest magnitude, and each code the nearest
     * value, except that a second moment above 0 never becomes 0: a first moment that is not would
     * be divided by it. (bitsandbytes rounds it to 0.)
     *
     * @param firstMoments of signed values
     * @param secondMoments of unsigned values
     * @param step counted from 1
     */
    record AdamW8Bit(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<QuantizedBlocks> firstMoments,
            List<QuantizedBlocks> secondMoments,
            float clip,
            AdamWSettings settings,
            float learningRate,
            int step)
            implements TrainingOp {
        @Override
        public Tensor out() {
            return parameters.get(0);
        }
    }
}

package glance.backend.cuda;

import glance.tensor.DType;
import glance.tensor.Tensor;

/**
 * The kernels that can compute attention and its gradients, and the one place that chooses: by
 * dtype, compute capability, head dimension and alignment. A kernel for newer tensor cores is one
 * more constant and one more line in {@link #of}.
 */
enum AttentionVariant {
    /** attention.cu, attention_grad.cu: plain arithmetic, any head dimension, any alignment. */
    PLAIN,
    /** attention_mma.cu, attention_grad_mma.cu: tensor cores, bf16 heads of whole chunks. */
    MMA;

    /** Compute capability from which mma.sync takes bf16 and cp.async exists. */
    private static final int MMA_CAPABILITY = 80;

    /** The widest slice that a tile has room for. */
    private static final int MMA_HEAD_DIM = 128;

    /**
     * The variant for scores {@code scale q k^T}.
     *
     * @param operands all tensors that the kernels read or write by rows of heads, q first
     */
    static AttentionVariant of(Launcher launcher, float scale, Tensor... operands) {
        boolean fits =
                launcher.computeType() == DType.BF16
                        && launcher.gpu().computeCapability() >= MMA_CAPABILITY
                        && operands[0].dim(3) <= MMA_HEAD_DIM
                        // the largest scaled score is the largest score
                        && scale > 0;
        for (Tensor operand : operands) {
            fits &= Packed.isPacked(operand);
        }
        return fits ? MMA : PLAIN;
    }
}

package glance.backend.cuda;

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
    MMA,
    /**
     * attention_wide.cu: tensor cores with scores in memory, for bf16 heads above 128. Has no
     * gradients.
     */
    WIDE;

    /** The widest head that a tile of {@link #MMA} has room for. */
    private static final int MMA_HEAD_DIM = 128;

    /**
     * The variant for scores {@code scale q k^T}.
     *
     * @param operands all tensors that the kernels read or write by rows of heads, q first
     */
    static AttentionVariant of(Launcher launcher, float scale, Tensor... operands) {
        boolean fits =
                launcher.hasTensorCores()
                        // the largest scaled score is the largest score
                        && scale > 0;
        for (Tensor operand : operands) {
            fits &= Packed.isPacked(operand);
        }
        if (!fits) {
            return PLAIN;
        }
        return operands[0].dim(3) <= MMA_HEAD_DIM ? MMA : WIDE;
    }

    /** Whether heads of this dimension take {@link #WIDE} if they are aligned. */
    static boolean isWide(Launcher launcher, int headDim) {
        return launcher.hasTensorCores() && headDim > MMA_HEAD_DIM && Packed.isChunked(headDim);
    }
}

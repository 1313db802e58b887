package glance.backend.cuda;

import glance.tensor.Tensor;

/**
 * What can compute {@code x W^T}, and the one place that chooses: by what the device was opened
 * with, dtype, compute capability and shape. A kernel for newer tensor cores is one more constant
 * and one more line in {@link #of}.
 */
enum LinearVariant {
    /** The library that the device was opened with. */
    LIBRARY,
    /** linear.cu, a warp for each column: the weight is read once, for few rows. */
    ROWS,
    /** linear.cu, plain arithmetic: any dtype, any alignment. */
    PLAIN,
    /** linear_mma.cu, tensor cores: bf16 in aligned chunks. {@link MmaTile} has the sizes. */
    MMA;

    /** The variant for x [batch, seqLen, in] in the compute type. */
    static LinearVariant of(Launcher launcher, Tensor x) {
        if (launcher.libraries().gemm() != null) {
            return LIBRARY;
        }
        int rows = x.dim(0) * x.dim(1);
        if (rows <= launcher.constant("linear", "linear_few_rows")) {
            return ROWS;
        }
        return takesMma(launcher, x) ? MMA : PLAIN;
    }

    /** Whether tensor cores take x; the other side can be {@link Packed}. */
    static boolean takesMma(Launcher launcher, Tensor x) {
        return launcher.hasTensorCores() && Packed.isPacked(x);
    }
}

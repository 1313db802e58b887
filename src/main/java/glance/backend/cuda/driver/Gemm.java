package glance.backend.cuda.driver;

import glance.tensor.DType;

/**
 * Products of matrices by a library, in the convention of BLAS: matrices lie column by column. A
 * row-major matrix is the transpose of a column-major one at the same place. Bound to the stream
 * that it was opened for.
 */
public interface Gemm extends AutoCloseable {
    /**
     * Device memory that an implementation is lent when it is opened, so that no call allocates:
     * what NVIDIA recommends for compute capability 9.0.
     */
    long WORKSPACE_BYTES = 32L << 20;

    /** A matrix that is read: as it lies, or transposed; leading elements from column to column. */
    record Matrix(long address, int leading, boolean transposed) {}

    /**
     * One product {@code C = alpha op(A) op(B) + beta C}, sums in F32; with beta 0, C is not read.
     *
     * @param dtype of all three matrices, F32 or BF16
     * @param m rows of op(A) and C
     * @param n columns of op(B) and C
     * @param k columns of op(A), rows of op(B)
     * @param c address of C
     * @param leadingC elements from column to column of C
     */
    record Product(
            DType dtype,
            int m,
            int n,
            int k,
            float alpha,
            Matrix a,
            Matrix b,
            float beta,
            long c,
            int leadingC) {}

    /**
     * Queues a product.
     *
     * @throws glance.api.DeviceException if the library refuses it, with its words
     */
    void multiply(Product product);

    @Override
    void close();
}

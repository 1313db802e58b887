package glance.backend.cuda;

import glance.tensor.Tensor;

/**
 * Where the rows of a tensor [batch, seqLen, columns] lie, as few samples as its strides allow: one
 * if all rows have the same distance.
 *
 * @param count of samples
 * @param rows of a sample
 * @param rowStride elements from row to row
 * @param stride elements from sample to sample
 */
record Samples(int count, int rows, long rowStride, long stride) {
    static Samples of(Tensor x) {
        int batch = x.dim(0);
        int seqLen = x.dim(1);
        boolean oneStride = batch == 1 || seqLen == 1 || x.stride(0) == (long) seqLen * x.stride(1);
        int count = oneStride ? 1 : batch;
        int rows = batch * seqLen / count;
        long rowStride = rows == 1 ? x.dim(2) : seqLen == 1 ? x.stride(0) : x.stride(1);
        return new Samples(count, rows, rowStride, count == 1 ? rows * rowStride : x.stride(0));
    }

    /** As many samples and rows of a matrix [count x rows, columns]. */
    Samples ofMatrix(Tensor matrix) {
        return new Samples(count, rows, matrix.stride(0), rows * matrix.stride(0));
    }
}

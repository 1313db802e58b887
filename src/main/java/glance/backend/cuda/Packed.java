package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Operands of tensor core kernels: bf16, every row a whole number of 16-byte chunks. What is
 * something else is converted by pack.cu, or expand.cu if it is quantised, at the cost of reading
 * it once more; 8-bit weights stay exact, others are rounded.
 */
final class Packed {
    /** Elements of bf16 that a kernel reads at once. */
    static final int CHUNK = 8;

    private Packed() {}

    /**
     * Whether all rows of a tensor are such chunks where they lie; blocks of memory are aligned.
     */
    static boolean isPacked(Tensor x) {
        int last = x.rank() - 1;
        boolean chunked =
                x.dtype() == DType.BF16 && isChunked(x.dim(last)) && isChunked(x.offset());
        for (int axis = 0; axis < last; axis++) {
            chunked &= x.dim(axis) == 1 || isChunked(x.stride(axis));
        }
        return chunked;
    }

    /**
     * Whether tensor cores take activations; the other side of a product is packed where it has to
     * be.
     */
    static boolean areActivations(Launcher launcher, Tensor... tensors) {
        boolean all = launcher.hasTensorCores();
        for (Tensor x : tensors) {
            // what has another dtype is converted, and lies in one piece then
            all &= x.dtype() == DType.BF16 ? isPacked(x) : isChunked(x.dim(x.rank() - 1));
        }
        return all;
    }

    static boolean isChunked(long elements) {
        return elements % CHUNK == 0;
    }

    /** The size of a row with its padding. */
    static int pitch(int columns) {
        return Math.toIntExact(CHUNK * Grid.blocks(columns, CHUNK));
    }

    /** Scratch that {@link #of} may take for a matrix. */
    static long bytes(Tensor x) {
        boolean plain = x.dtype() == DType.BF16 || Expand.takes(x.dtype());
        boolean free = plain && isChunked(x.dim(1));
        return Operands.weightBytes(DType.BF16, x)
                + (free ? 0 : (long) DType.BF16.bytes() * x.dim(0) * pitch(x.dim(1)));
    }

    /** A contiguous matrix as it is if it is packed, or a copy [rows, pitch] padded with zeros. */
    static Tensor of(Launcher launcher, Operands operands, Tensor matrix) {
        Tensor x = operands.weight(matrix);
        if (isPacked(x)) {
            return x;
        }
        int columns = x.dim(1);
        int pitch = pitch(columns);
        Tensor packed = operands.scratch(DType.BF16, Shape.of(x.dim(0), pitch));
        long chunks = packed.numel() / CHUNK;
        launcher.launchElements(
                "pack",
                "pack_matrix_bf16",
                chunks,
                new Arguments()
                        .pointer(Launcher.address(x))
                        .i32(DTypeCode.of(x.dtype()))
                        .pointer(Launcher.address(packed))
                        .i64(chunks)
                        .i32(columns)
                        .i32(pitch));
        return packed;
    }
}

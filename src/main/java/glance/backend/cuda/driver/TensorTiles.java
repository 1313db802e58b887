package glance.backend.cuda.driver;

import glance.tensor.DType;
import java.util.List;

/**
 * A tensor in device memory, and the box of it that one bulk copy of a kernel moves. Dimensions are
 * counted from the innermost one, whose elements are neighbours.
 *
 * @param dtype BF16, F16, F32, or a dtype of one byte
 * @param address where it begins, a multiple of 16
 * @param sizes of the tensor, at most 5
 * @param strides bytes from one to the next of the second dimension and those above, multiples of
 *     16
 * @param box elements of the box in each dimension, at most 256
 * @param swizzled whether 16-byte chunks change their places in rows of 128 bytes, as wgmma reads
 *     them (include/bulk_copy.cuh)
 */
public record TensorTiles(
        DType dtype,
        long address,
        List<Long> sizes,
        List<Long> strides,
        List<Integer> box,
        boolean swizzled) {
    private static final int MAX_RANK = 5;
    private static final int MAX_BOX = 256;
    private static final int CHUNK_BYTES = 16;
    private static final int SWIZZLE_BYTES = 128;
    private static final long MAX_SIZE = 1L << 32;
    private static final long MAX_STRIDE = 1L << 40;

    /**
     * What cuTensorMapEncodeTiled asks for.
     *
     * @throws IllegalArgumentException if a GPU cannot copy such tiles, with the cause
     */
    public TensorTiles {
        sizes = List.copyOf(sizes);
        strides = List.copyOf(strides);
        box = List.copyOf(box);
        int rank = sizes.size();
        check(rank >= 1 && rank <= MAX_RANK, "1 to 5 dimensions", rank);
        check(box.size() == rank && strides.size() == rank - 1, "a box and strides", rank);
        check(address % CHUNK_BYTES == 0, "an address that is a multiple of 16", address);
        for (long size : sizes) {
            check(size >= 1 && size <= MAX_SIZE, "sizes of 1 to 2^32", size);
        }
        for (int size : box) {
            check(size >= 1 && size <= MAX_BOX, "a box of 1 to 256 elements", size);
        }
        long least = sizes.get(0) * dtype.bytes();
        for (long stride : strides) {
            check(
                    stride % CHUNK_BYTES == 0 && stride >= least && stride < MAX_STRIDE,
                    "strides that are multiples of 16, at least " + least,
                    stride);
            least = stride;
        }
        int rowBytes = box.get(0) * dtype.bytes();
        check(
                rowBytes % CHUNK_BYTES == 0 && (!swizzled || rowBytes <= SWIZZLE_BYTES),
                swizzled
                        ? "rows of a tile of 16, 32, ... 128 bytes"
                        : "rows of a tile of whole 16 bytes",
                rowBytes);
    }

    private static void check(boolean holds, String needs, long got) {
        if (!holds) {
            throw new IllegalArgumentException("a tensor map needs " + needs + ", got " + got);
        }
    }

    /**
     * Tiles of a matrix of rows that are {@code rowBytes} apart.
     *
     * @param boxColumns columns of a tile
     * @param boxRows rows of a tile
     */
    public static TensorTiles matrix(
            DType dtype,
            long address,
            long columns,
            long rows,
            long rowBytes,
            int boxColumns,
            int boxRows,
            boolean swizzled) {
        return new TensorTiles(
                dtype,
                address,
                List.of(columns, rows),
                List.of(rowBytes),
                List.of(boxColumns, boxRows),
                swizzled);
    }
}

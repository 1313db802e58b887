package glance.backend.cuda;

import glance.backend.cuda.driver.TensorMap;
import glance.backend.cuda.driver.TensorTiles;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;

/**
 * Tensor maps of the operands of Hopper's products, in swizzled rows of 128 bytes where nothing
 * else is said.
 */
final class TileMaps {
    private final Launcher launcher;

    TileMaps(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Whether a tensor map can describe the rows of x, as they are or converted. */
    static boolean areTiled(Tensor x) {
        Samples samples = Samples.of(x);
        boolean apart =
                samples.rowStride() >= x.dim(2)
                        && (samples.count() == 1 || samples.stride() >= samples.rowStride());
        return x.dim(2) > 0 && (apart || x.dtype() != DType.BF16);
    }

    /** Tiles of the rows of x [..., depth] by samples; one does not reach from sample to sample. */
    TensorMap rows(Tensor x, Samples samples, int boxDepth, int boxRows) {
        int bytes = x.dtype().bytes();
        return launcher.tensorMap(
                new TensorTiles(
                        x.dtype(),
                        Launcher.address(x),
                        List.of((long) x.dim(-1), (long) samples.rows(), (long) samples.count()),
                        List.of(samples.rowStride() * bytes, samples.stride() * bytes),
                        List.of(boxDepth, boxRows, 1),
                        true));
    }

    /** Tiles of a matrix. */
    TensorMap matrix(Tensor matrix, int boxColumns, int boxRows) {
        long rowBytes = (long) matrix.dim(1) * matrix.dtype().bytes();
        return launcher.tensorMap(
                TensorTiles.matrix(
                        matrix.dtype(),
                        Launcher.address(matrix),
                        matrix.dim(1),
                        matrix.dim(0),
                        rowBytes,
                        boxColumns,
                        boxRows,
                        true));
    }

    /**
     * Tiles of a matrix of quantised blocks, as they are stored: pairs of bytes, since more than
     * 256 bytes of a row are too many elements for a map. Not swizzled.
     *
     * @param segment elements of a row that a tile has
     */
    TensorMap blocks(Tensor matrix, int segment, int boxRows) {
        DType pairs = DType.BF16;
        long rowBytes = matrix.dtype().bytes(matrix.dim(1));
        int boxBytes = Math.toIntExact(matrix.dtype().bytes(segment));
        return launcher.tensorMap(
                TensorTiles.matrix(
                        pairs,
                        Launcher.address(matrix),
                        rowBytes / pairs.bytes(),
                        matrix.dim(0),
                        rowBytes,
                        boxBytes / pairs.bytes(),
                        boxRows,
                        false));
    }
}

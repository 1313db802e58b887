package glance.backend.cuda;

import glance.backend.cuda.driver.TensorMap;
import glance.backend.cuda.driver.TensorTiles;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;

/**
 * Tensor maps of heads: tiles of rows of one head of a tensor [batch, length, heads, headDim], 64
 * columns wide, as include/attention_wgmma.cuh copies them.
 *
 * @param row elements from row to row; those of dimensions of size 1 are made up
 * @param head elements from head to head
 * @param sample elements from sample to sample
 */
record HeadTiles(long row, long head, long sample) {
    private static final int COLUMNS = 64;

    private static HeadTiles of(Tensor x) {
        long head = x.dim(2) == 1 ? x.dim(3) : x.stride(2);
        long row = x.dim(1) == 1 ? Math.max(head, x.dim(3)) : x.stride(1);
        return new HeadTiles(row, head, x.dim(0) == 1 ? row : x.stride(0));
    }

    /**
     * Why maps do not describe these heads, or null.
     *
     * @param heads not bf16, they are converted, and lie in one piece then
     */
    static String refuses(Tensor... heads) {
        for (Tensor x : heads) {
            if (x.numel() == 0) {
                return "no queries or no keys";
            }
            HeadTiles tiles = of(x);
            boolean nested =
                    tiles.head >= x.dim(3) && tiles.row >= tiles.head && tiles.sample >= tiles.row;
            if (x.dtype() == DType.BF16 && !nested) {
                return "heads that do not lie within rows, and rows within samples";
            }
        }
        return null;
    }

    /** Tiles of so many rows of heads in bf16 that are not refused. */
    static TensorMap map(Launcher launcher, Tensor x, int rows) {
        HeadTiles tiles = of(x);
        int bytes = x.dtype().bytes();
        return launcher.tensorMap(
                new TensorTiles(
                        x.dtype(),
                        Launcher.address(x),
                        List.of((long) x.dim(3), (long) x.dim(2), (long) x.dim(1), (long) x.dim(0)),
                        List.of(tiles.head * bytes, tiles.row * bytes, tiles.sample * bytes),
                        List.of(COLUMNS, 1, rows, 1),
                        true));
    }
}

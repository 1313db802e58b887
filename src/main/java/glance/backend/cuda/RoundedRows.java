package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Activations in e4m3 with a scale for each row: {@code x = scales[row] q}, where the largest
 * magnitude of a row becomes that of e4m3.
 *
 * @param q F8_E4M3 [batch, seqLen, in], packed
 * @param scales F32 [batch, seqLen]
 */
record RoundedRows(Tensor q, Tensor scales) {
    private static final String FILE = "linear_w8a8";

    /** Scratch for x. */
    static long bytes(Tensor x) {
        long rows = (long) x.dim(0) * x.dim(1);
        return DType.F8_E4M3.bytes(x.numel()) + DType.F32.bytes(rows);
    }

    /** Room for x. */
    static RoundedRows like(Operands operands, Tensor x) {
        return new RoundedRows(
                operands.scratch(DType.F8_E4M3, x.shape()),
                operands.scratch(DType.F32, Shape.of(x.dim(0), x.dim(1))));
    }

    /**
     * Rounds x.
     *
     * @param x [batch, seqLen, in] in BF16, in aligned chunks
     */
    static RoundedRows of(Launcher launcher, Operands operands, Tensor x) {
        RoundedRows rounded = like(operands, x);
        launcher.launch(
                FILE,
                "quantise_rows" + launcher.suffix(),
                Grid.of((long) x.dim(0) * x.dim(1)),
                new Arguments()
                        .pointer(Launcher.address(x))
                        .i64(x.stride(0))
                        .i64(x.stride(1))
                        .i32(x.dim(1))
                        .pointer(Launcher.address(rounded.q))
                        .pointer(Launcher.address(rounded.scales))
                        .i32(x.dim(2)));
        return rounded;
    }

    /** The rows of some samples. */
    RoundedRows samples(int first, int count) {
        return new RoundedRows(q.narrow(0, first, count), scales.narrow(0, first, count));
    }
}

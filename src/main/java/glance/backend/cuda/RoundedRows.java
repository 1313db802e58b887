package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Rounded;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** Rounds activations to 8 bits in a pass of its own: quantise_rows of linear_w8a8.cu. */
final class RoundedRows {
    private static final String FILE = "linear_w8a8";

    private RoundedRows() {}

    /** x in 8 bits, as scratch. */
    static Rounded of(Launcher launcher, Operands operands, Tensor x) {
        Rounded rounded =
                new Rounded(
                        operands.scratch(DType.F8_E4M3, x.shape()),
                        operands.scratch(DType.F32, Rounded.scales(x)));
        write(launcher, x, rounded);
        return rounded;
    }

    /**
     * Rounds x.
     *
     * @param x [batch, seqLen, in] in BF16, in aligned chunks
     */
    static void write(Launcher launcher, Tensor x, Rounded rounded) {
        launcher.launch(
                FILE,
                "quantise_rows" + launcher.suffix(),
                Grid.of((long) x.dim(0) * x.dim(1)),
                new Arguments()
                        .pointer(Launcher.address(x))
                        .i64(x.stride(0))
                        .i64(x.stride(1))
                        .i32(x.dim(1))
                        .pointer(Launcher.address(rounded.q()))
                        .pointer(Launcher.address(rounded.scales()))
                        .i32(x.dim(2)));
    }
}

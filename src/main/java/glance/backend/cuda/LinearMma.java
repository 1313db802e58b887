package glance.backend.cuda;

import glance.backend.Epilogue;
import glance.backend.LowRank;
import glance.backend.Op;
import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches linear_mma.cu: the product with one factor of the adapter, then all the rest at once.
 */
final class LinearMma {
    private static final String FILE = "linear_mma";

    /** Rows of S and of a packed factor are padded to this many elements: 16 bytes. */
    private static final int CHUNK = 8;

    private final Launcher launcher;

    LinearMma(Launcher launcher) {
        this.launcher = launcher;
    }

    /** Most scratch for an adapter: S, and both factors packed. */
    static long workspaceBytes(int rows, LowRank lora) {
        return lora == null
                ? 0
                : DType.BF16.bytes()
                        * ((long) rows * pitch(lora)
                                + lora.a().numel()
                                + (long) lora.b().dim(0) * pitch(lora));
    }

    /** Elements from row to row of S. */
    private static int pitch(LowRank lora) {
        return Math.toIntExact(CHUNK * Grid.blocks(lora.a().dim(0), CHUNK));
    }

    void linear(Operands operands, Op.Linear op, Tensor x) {
        int rows = x.dim(0) * x.dim(1);
        int columns = op.weight().dim(0);
        LowRank lora = op.lora();
        Tensor low = lora == null ? null : lowRank(operands, x, lora);
        Tensor up = lora == null ? null : packed(operands, lora.b());
        Epilogue epilogue = op.epilogue();
        Tensor gate = operands.activation(epilogue.gate());
        launch(
                "linear_mma",
                rows,
                columns,
                rows(x).pointer(Launcher.address(op.weight()))
                        .pointer(Launcher.address(low))
                        .pointer(Launcher.address(up))
                        .i32(lora == null ? 0 : lora.a().dim(0))
                        .i32(lora == null ? 0 : pitch(lora))
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .i32(epilogue.activation().ordinal())
                        .pointer(Launcher.address(gate))
                        .i64(Launcher.sampleStride(gate))
                        .pointer(Launcher.address(operands.activation(epilogue.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i32(rows)
                        .i32(x.dim(2))
                        .i32(columns));
    }

    /** {@code scale x A^T}, [rows, pitch]. */
    private Tensor lowRank(Operands operands, Tensor x, LowRank lora) {
        int rows = x.dim(0) * x.dim(1);
        int pitch = pitch(lora);
        Tensor low = operands.scratch(DType.BF16, Shape.of(rows, pitch));
        launchThin(
                "low_rank_mma",
                rows,
                pitch,
                rows(x).pointer(Launcher.address(packed(operands, lora.a())))
                        .f32(lora.scale())
                        .pointer(Launcher.address(low))
                        .i32(rows)
                        .i32(x.dim(2))
                        .i32(lora.a().dim(0))
                        .i32(pitch));
        return low;
    }

    /** Why a gradient cannot be computed here, or null if it can. */
    static String refuses(TrainingOp.LinearInput op) {
        return LinearVariant.isChunked(op.dy()) && LinearVariant.isChunked(op.weight())
                ? null
                : "the gradient of a linear product on tensor cores needs bf16 and multiples of "
                        + CHUNK
                        + ", got dy "
                        + op.dy()
                        + " and weight "
                        + op.weight();
    }

    void linearInput(Operands operands, TrainingOp.LinearInput op) {
        int rows = op.dy().dim(0) * op.dy().dim(1);
        int columns = op.weight().dim(0);
        int in = op.weight().dim(1);
        LowRank lora = op.lora();
        Tensor dy = packed(operands, op.dy().reshape(rows, columns));
        Tensor low = lora == null ? null : lowRankOfInput(operands, dy, lora);
        Tensor down = lora == null ? null : packed(operands, lora.a());
        launch(
                "linear_input_mma",
                rows,
                in,
                new Arguments()
                        .pointer(Launcher.address(dy))
                        .pointer(Launcher.address(packed(operands, op.weight())))
                        .pointer(Launcher.address(low))
                        .pointer(Launcher.address(down))
                        .i32(lora == null ? 0 : lora.a().dim(0))
                        .i32(lora == null ? 0 : pitch(lora))
                        .pointer(Launcher.address(op.out()))
                        .i32(rows)
                        .i32(in)
                        .i32(columns));
    }

    /** {@code scale dy B}, [rows, pitch]. */
    private Tensor lowRankOfInput(Operands operands, Tensor dy, LowRank lora) {
        int rows = dy.dim(0);
        int pitch = pitch(lora);
        Tensor low = operands.scratch(DType.BF16, Shape.of(rows, pitch));
        launchThin(
                "low_rank_input_mma",
                rows,
                pitch,
                new Arguments()
                        .pointer(Launcher.address(dy))
                        .pointer(Launcher.address(packed(operands, lora.b())))
                        .f32(lora.scale())
                        .pointer(Launcher.address(low))
                        .i32(rows)
                        .i32(dy.dim(1))
                        .i32(pitch));
        return low;
    }

    /** A matrix as the kernels read it: itself if its rows are aligned bf16, or a padded copy. */
    private Tensor packed(Operands operands, Tensor factor) {
        if (LinearVariant.isAligned(factor)) {
            return factor;
        }
        int rows = factor.dim(0);
        int columns = factor.dim(1);
        int pitch = Math.toIntExact(CHUNK * Grid.blocks(columns, CHUNK));
        Tensor packed = operands.scratch(DType.BF16, Shape.of(rows, pitch));
        launcher.launchElements(
                FILE,
                "pack_factor" + launcher.suffix(),
                packed.numel(),
                new Arguments()
                        .pointer(Launcher.address(factor))
                        .i32(DTypeCode.of(factor.dtype()))
                        .pointer(Launcher.address(packed))
                        .i64(packed.numel())
                        .i32(columns)
                        .i32(pitch));
        return packed;
    }

    private static Arguments rows(Tensor x) {
        return new Arguments()
                .pointer(Launcher.address(x))
                .i64(x.stride(0))
                .i64(x.stride(1))
                .i32(x.dim(1));
    }

    private void launch(String entry, int rows, int columns, Arguments arguments) {
        MmaTile tile = MmaTile.fitting(launcher, FILE, rows, columns);
        tile.launch(launcher, entry + "_" + tile.size(), rows, columns, arguments);
    }

    private void launchThin(String entry, int rows, int columns, Arguments arguments) {
        MmaTile.of(launcher, FILE, "thin").launch(launcher, entry, rows, columns, arguments);
    }
}

package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** Launches conv2d.cu, and conv2d_mma.cu for what tensor cores take, or asks a library. */
final class Conv2dKernel implements Kernel<Op.Conv2d> {
    private static final String FILE = "conv2d";
    private static final String MMA_FILE = "conv2d_mma";

    private final Launcher launcher;
    private final Conv2dLibrary library;

    Conv2dKernel(Launcher launcher) {
        this.launcher = launcher;
        this.library = new Conv2dLibrary(launcher);
    }

    @Override
    public String refuses(Op.Conv2d op) {
        return DTypeCode.of(op.weight().dtype()) >= 0
                ? null
                : "weights of dtype " + op.weight().dtype();
    }

    @Override
    public long workspaceBytes(Op.Conv2d op) {
        if (Conv2dVariant.takesLibrary(launcher, op)) {
            return library.workspaceBytes(op);
        }
        Tensor weight = matrix(op.weight());
        boolean tensorCores =
                launcher.computeType() == DType.BF16 && Packed.isChunked(op.x().dim(3));
        return tensorCores ? Packed.bytes(weight) : 0;
    }

    @Override
    public void run(Op.Conv2d op) {
        if (op.out().numel() == 0) {
            return;
        }
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.x());
            switch (Conv2dVariant.of(launcher, op, x)) {
                case LIBRARY -> library.convolve(operands, op, x);
                case MMA -> tensorCores(operands, op, x);
                case PLAIN -> plain(operands, op, x);
            }
        }
    }

    private void tensorCores(Operands operands, Op.Conv2d op, Tensor x) {
        int pixels = Math.toIntExact(pixels(op.out()));
        int columns = op.out().dim(3);
        Tensor weight = matrix(op.weight());
        MmaTile tile = MmaTile.fitting(launcher, MMA_FILE, pixels, columns);
        Arguments arguments =
                new Arguments()
                        .pointer(Launcher.address(x))
                        .pointer(Launcher.address(Packed.of(launcher, operands, weight)))
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .pointer(Launcher.address(operands.activation(op.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i32(pixels)
                        .i32(columns);
        String entry = MMA_FILE + "_" + tile.size();
        tile.launch(launcher, entry, pixels, columns, window(arguments, op, x));
    }

    private void plain(Operands operands, Op.Conv2d op, Tensor x) {
        long pixels = pixels(op.out());
        int columns = op.out().dim(3);
        Arguments arguments =
                new Arguments()
                        .pointer(Launcher.address(x))
                        .pointer(Launcher.address(op.weight()))
                        .i32(DTypeCode.of(op.weight().dtype()))
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .pointer(Launcher.address(operands.activation(op.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i64(pixels)
                        .i32(columns);
        launcher.launch(
                FILE,
                FILE + launcher.suffix(),
                Grid.of(
                        Grid.blocks(pixels, launcher.constant(FILE, "conv2d_tile_rows")),
                        Grid.blocks(columns, launcher.constant(FILE, "conv2d_tile_columns"))),
                window(arguments, op, x));
    }

    /** [out, kh kw channels]. */
    private static Tensor matrix(Tensor weight) {
        int columns = weight.dim(0);
        return weight.reshape(columns, Math.toIntExact(weight.numel() / columns));
    }

    private static long pixels(Tensor out) {
        return (long) out.dim(0) * out.dim(1) * out.dim(2);
    }

    private static Arguments window(Arguments arguments, Op.Conv2d op, Tensor x) {
        return arguments
                .i32(x.dim(1))
                .i32(x.dim(2))
                .i32(x.dim(3))
                .i32(op.out().dim(1))
                .i32(op.out().dim(2))
                .i32(op.weight().dim(1))
                .i32(op.weight().dim(2))
                .i32(op.stride())
                .i32(op.padding().top())
                .i32(op.padding().left());
    }
}

package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches conv2d_mma.cu, tensor cores for bf16 in aligned chunks. */
final class Conv2dMma implements Variant<Op.Conv2d> {
    private static final String FILE = "conv2d_mma";

    private final Launcher launcher;

    Conv2dMma(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "mma";
    }

    @Override
    public String refuses(Op.Conv2d op) {
        if (DTypeCode.of(op.weight().dtype()) < 0) {
            return "weights of dtype " + op.weight().dtype();
        }
        return Packed.areActivations(launcher, op.x())
                ? null
                : "activations that are not bf16 in aligned chunks";
    }

    @Override
    public long workspaceBytes(Op.Conv2d op) {
        return Packed.bytes(matrix(op.weight()));
    }

    @Override
    public void run(Op.Conv2d op) {
        try (Operands operands = launcher.operands()) {
            launch(operands, op, operands.activation(op.x()));
        }
    }

    private void launch(Operands operands, Op.Conv2d op, Tensor x) {
        int pixels = Math.toIntExact((long) op.out().dim(0) * op.out().dim(1) * op.out().dim(2));
        int columns = op.out().dim(3);
        Tensor weight = matrix(op.weight());
        MmaTile tile = MmaTile.fitting(launcher, FILE, pixels, columns);
        Arguments arguments =
                new Arguments()
                        .pointer(Launcher.address(x))
                        .pointer(Launcher.address(Packed.of(launcher, operands, weight)))
                        .pointer(Launcher.address(operands.parameter(op.bias())))
                        .pointer(Launcher.address(operands.activation(op.residual())))
                        .pointer(Launcher.address(op.out()))
                        .i32(pixels)
                        .i32(columns);
        String entry = FILE + "_" + tile.size();
        tile.launch(launcher, entry, pixels, columns, Conv2dPlain.window(arguments, op, x));
    }

    /** [out, kh kw channels]. */
    private static Tensor matrix(Tensor weight) {
        int columns = weight.dim(0);
        return weight.reshape(columns, Math.toIntExact(weight.numel() / columns));
    }
}

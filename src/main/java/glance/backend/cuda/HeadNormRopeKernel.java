package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.Rope;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.Tensor;

/** Launches head_norm_rope.cu, once for each stream: a warp for each head of a token. */
final class HeadNormRopeKernel implements Kernel<Op.HeadNormRope> {
    private static final String FILE = "head_norm_rope";

    private final Launcher launcher;

    HeadNormRopeKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void run(Op.HeadNormRope op) {
        String entry = FILE + launcher.suffix();
        Rope rope = op.rope();
        int start = 0;
        for (int i = 0; i < op.streams().size(); i++) {
            try (Operands operands = launcher.operands()) {
                Tensor x = operands.activation(op.streams().get(i));
                long items = (long) x.dim(0) * x.dim(1) * x.dim(2);
                long blocks = Grid.blocks(items, launcher.warps(FILE, entry));
                launcher.launch(
                        FILE,
                        entry,
                        Grid.of(x.numel() == 0 ? 0 : blocks),
                        new Arguments()
                                .pointer(Launcher.address(x))
                                .i64(x.stride(0))
                                .i64(x.stride(1))
                                .i64(x.stride(2))
                                .pointer(Launcher.address(operands.parameter(op.weights().get(i))))
                                .f32(op.eps())
                                .pointer(rope == null ? 0 : parameter(operands, rope.cos()))
                                .pointer(rope == null ? 0 : parameter(operands, rope.sin()))
                                .i32(
                                        rope != null && rope.pairing() == Rope.Pairing.INTERLEAVED
                                                ? 1
                                                : 0)
                                .pointer(Launcher.address(op.out()))
                                .i32(x.dim(0))
                                .i32(x.dim(1))
                                .i32(x.dim(2))
                                .i32(x.dim(3))
                                .i32(start)
                                .i32(op.out().dim(1)));
                start += x.dim(1);
            }
        }
    }

    private static long parameter(Operands operands, Tensor table) {
        return Launcher.address(operands.parameter(table));
    }
}

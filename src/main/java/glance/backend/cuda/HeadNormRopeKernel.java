package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;
import java.util.List;

/** Launches head_norm_rope.cu, once for each stream. */
final class HeadNormRopeKernel implements Kernel<Op.HeadNormRope> {
    private static final String FILE = "head_norm_rope";

    /** What vector loads are aligned to. */
    private static final int ALIGNMENT_BYTES = 16;

    private final Launcher launcher;

    HeadNormRopeKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void run(Op.HeadNormRope op) {
        int start = 0;
        for (int i = 0; i < op.streams().size(); i++) {
            try (Operands operands = launcher.operands()) {
                Tensor x = operands.activation(op.streams().get(i));
                Tensor weight = operands.parameter(op.weights().get(i));
                stream(operands, op, x, weight, start);
                start += x.dim(1);
            }
        }
    }

    private void stream(Operands operands, Op.HeadNormRope op, Tensor x, Tensor weight, int start) {
        Rope rope = op.rope();
        Tensor cos = rope == null ? null : operands.parameter(rope.cos());
        Tensor sin = rope == null ? null : operands.parameter(rope.sin());
        boolean runs = takesRuns(x, weight, cos, sin);
        String entry = FILE + (runs ? "_runs" : "") + launcher.suffix();
        int headsOfBlock =
                runs
                        ? launcher.constant(FILE, "head_norm_rope_heads_of_block")
                        : launcher.warps(FILE, entry);
        long heads = (long) x.dim(0) * x.dim(1) * x.dim(2);
        launcher.launch(
                FILE,
                entry,
                Grid.of(x.numel() == 0 ? 0 : Grid.blocks(heads, headsOfBlock)),
                new Arguments()
                        .pointer(Launcher.address(x))
                        .struct(x.stride(0), x.stride(1), x.stride(2))
                        .pointer(Launcher.address(weight))
                        .f32(op.eps())
                        .pointer(Launcher.address(cos))
                        .pointer(Launcher.address(sin))
                        .i32(rope != null && rope.pairing() == Rope.Pairing.INTERLEAVED ? 1 : 0)
                        .pointer(Launcher.address(op.out()))
                        .i32(x.dim(0))
                        .i32(x.dim(1))
                        .i32(x.dim(2))
                        .i32(x.dim(3))
                        .i32(start)
                        .i32(op.out().dim(1))
                        .i32(rope != null && rope.isPerSample() ? rope.seqLen() : 0));
    }

    /** Whether each half of a head is whole runs of elements, all of them aligned. */
    private boolean takesRuns(Tensor x, Tensor weight, Tensor cos, Tensor sin) {
        int run = launcher.constant(FILE, "head_norm_rope_run");
        int headDim = x.dim(3);
        boolean fits =
                headDim % (2 * run) == 0
                        && headDim <= launcher.constant(FILE, "head_norm_rope_max_runs_head_dim");
        long strides = x.stride(0) | x.stride(1) | x.stride(2);
        return fits
                && strides % run == 0
                && List.of(
                                Launcher.address(x),
                                Launcher.address(weight),
                                Launcher.address(cos),
                                Launcher.address(sin))
                        .stream()
                        .allMatch(address -> address % ALIGNMENT_BYTES == 0);
    }
}

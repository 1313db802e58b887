package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.op.Rope;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launches norm_grad.cu: a warp for each row. */
final class NormGradKernels {
    private static final String FILE = "norm_grad";

    private final Launcher launcher;
    private final SumKernels sums;

    NormGradKernels(Launcher launcher, SumKernels sums) {
        this.launcher = launcher;
        this.sums = sums;
    }

    void rmsNorm(TrainingOp.RmsNormGrad op) {
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(op.forward().x());
            launchRows(
                    "rms_norm_grad",
                    (long) x.dim(0) * x.dim(1),
                    x,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .i64(x.stride(0))
                            .i64(x.stride(1))
                            .pointer(Launcher.address(operands.parameter(op.forward().weight())))
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(op.out()))
                            .i64((long) x.dim(0) * x.dim(1))
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .f32(op.forward().eps()));
        }
    }

    void headNormRope(TrainingOp.HeadNormRopeGrad op) {
        int start = 0;
        for (int i = 0; i < op.dx().size(); i++) {
            Tensor x = op.forward().streams().get(i);
            if (op.dx().get(i) != null) {
                stream(op, x, op.forward().weights().get(i), op.dx().get(i), start);
            }
            start += x.dim(1);
        }
    }

    private void stream(
            TrainingOp.HeadNormRopeGrad op, Tensor stream, Tensor weight, Tensor dx, int start) {
        Rope rope = op.forward().rope();
        boolean interleaved = rope != null && rope.pairing() == Rope.Pairing.INTERLEAVED;
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(stream);
            launchRows(
                    "head_norm_rope_grad",
                    (long) x.dim(0) * x.dim(1) * x.dim(2),
                    x,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .i64(x.stride(0))
                            .i64(x.stride(1))
                            .i64(x.stride(2))
                            .pointer(Launcher.address(operands.parameter(weight)))
                            .f32(op.forward().eps())
                            .pointer(rope == null ? 0 : Launcher.address(rope.cos()))
                            .pointer(rope == null ? 0 : Launcher.address(rope.sin()))
                            .i32(interleaved ? 1 : 0)
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(dx))
                            .i32(x.dim(0))
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .i32(x.dim(3))
                            .i32(start)
                            .i32(op.dy().dim(1))
                            .i32(rope != null && rope.isPerSample() ? rope.seqLen() : 0));
        }
    }

    void layerNorm(TrainingOp.LayerNormGrad op) {
        Op.LayerNorm forward = op.forward();
        try (Operands operands = launcher.operands()) {
            Tensor x = operands.activation(forward.x());
            Tensor scale = operands.activation(forward.scale());
            int rows = x.dim(0) * x.dim(1);
            Tensor moments = operands.scratch(DType.F32, Shape.of(rows, 2));
            launchRows(
                    "layer_norm_grad",
                    rows,
                    x,
                    new Arguments()
                            .pointer(Launcher.address(x))
                            .i64(x.stride(0))
                            .i64(x.stride(1))
                            .pointer(Launcher.address(operands.parameter(forward.weight())))
                            .pointer(Launcher.address(scale))
                            .i64(Launcher.sampleStride(scale))
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(op.out()))
                            .pointer(Launcher.address(moments))
                            .i64(rows)
                            .i32(x.dim(1))
                            .i32(x.dim(2))
                            .f32(forward.eps()));
            if (op.dScale() != null) {
                sums.layerNorm(operands, x, moments, op.dy(), op.dScale(), op.dShift());
            }
        }
    }

    private void launchRows(String entry, long rows, Tensor x, Arguments arguments) {
        String typed = entry + launcher.suffix();
        long blocks = x.numel() == 0 ? 0 : Grid.blocks(rows, launcher.warps(FILE, typed));
        launcher.launch(FILE, typed, Grid.of(blocks), arguments);
    }
}

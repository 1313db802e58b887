package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Launches attention_grad.cu: a warp for each head of a query, then of a key. Hands what tensor
 * cores take to attention_grad_mma.cu: a block for each tile of queries, then of keys.
 */
final class AttentionGradKernel implements Kernel<TrainingOp.AttentionGrad> {
    private static final String PLAIN = "attention_grad";
    private static final String MMA = "attention_grad_mma";

    private final Launcher launcher;

    AttentionGradKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String refuses(TrainingOp.AttentionGrad op) {
        int most = launcher.constant(PLAIN, "attention_grad_head_dim");
        int headDim = op.forward().q().dim(3);
        if (headDim > most) {
            return "headDim " + headDim + " is above " + most;
        }
        return null;
    }

    @Override
    public long workspaceBytes(TrainingOp.AttentionGrad op) {
        Tensor q = op.forward().q();
        return (long) Float.BYTES * q.dim(0) * q.dim(1) * q.dim(2);
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        try (Operands operands = launcher.operands()) {
            Op.Attention forward = op.forward();
            Tensor dy = operands.activation(op.dy());
            Tensor q = operands.activation(forward.q());
            Tensor k = operands.activation(forward.k());
            Tensor v = operands.activation(forward.v());
            Tensor bias = operands.parameter(forward.mask().bias());
            Tensor delta = operands.scratch(DType.F32, Shape.of(q.dim(0), q.dim(2), q.dim(1)));
            delta(operands.activation(forward.out()), dy, delta);
            Inputs inputs = new Inputs(forward, q, k, v, bias, delta, dy);
            AttentionVariant variant =
                    AttentionVariant.of(
                            launcher, forward.scale(), q, k, v, dy, op.dq(), op.dk(), op.dv());
            switch (variant) {
                case MMA -> mma(inputs, op);
                case WIDE, PLAIN -> plain(inputs, op);
            }
        }
    }

    private record Inputs(
            Op.Attention forward,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor bias,
            Tensor delta,
            Tensor dy) {
        /** Everything that is read, what is written, and the sizes. */
        Arguments arguments(Tensor... results) {
            Arguments arguments =
                    AttentionArguments.scores(
                                    AttentionArguments.heads(q, k, v),
                                    forward.scale(),
                                    forward.mask(),
                                    bias)
                            .pointer(Launcher.address(forward.lse()))
                            .pointer(Launcher.address(delta))
                            .pointer(Launcher.address(dy));
            for (Tensor result : results) {
                arguments.pointer(Launcher.address(result));
            }
            return AttentionArguments.sizes(arguments, q, k);
        }
    }

    private void delta(Tensor y, Tensor dy, Tensor delta) {
        launchWarps(
                "attention_grad_delta",
                y,
                new Arguments()
                        .pointer(Launcher.address(y))
                        .pointer(Launcher.address(dy))
                        .pointer(Launcher.address(delta))
                        .i32(y.dim(0))
                        .i32(y.dim(1))
                        .i32(y.dim(2))
                        .i32(y.dim(3)));
    }

    private void plain(Inputs inputs, TrainingOp.AttentionGrad op) {
        int batch = inputs.q.dim(0);
        launchWarps("attention_grad_q", inputs.q, inputs.arguments(op.dq()).i32(batch));
        launchWarps("attention_grad_kv", inputs.k, inputs.arguments(op.dk(), op.dv()).i32(batch));
    }

    private void launchWarps(String entry, Tensor heads, Arguments arguments) {
        String name = entry + launcher.suffix();
        long items = (long) heads.dim(0) * heads.dim(1) * heads.dim(2);
        Grid grid = Grid.of(Grid.blocks(items, launcher.warps(PLAIN, name)));
        launcher.launch(PLAIN, name, grid, arguments);
    }

    private void mma(Inputs inputs, TrainingOp.AttentionGrad op) {
        launchTiles("q", inputs.q, inputs.arguments(op.dq()));
        launchTiles("kv", inputs.k, inputs.arguments(op.dk(), op.dv()));
    }

    private void launchTiles(String rows, Tensor heads, Arguments arguments) {
        int width = AttentionMma.width(heads.dim(3));
        long tiles = Grid.blocks(heads.dim(1), launcher.constant(MMA, MMA + "_rows"));
        launcher.launch(
                MMA,
                MMA + "_" + rows + "_h" + width + launcher.suffix(),
                Grid.of(tiles, heads.dim(2), heads.dim(0)),
                launcher.constant(MMA, MMA + "_h" + width + "_shared"),
                arguments);
    }
}

package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * What the kernels of attention's gradients read.
 *
 * @param delta {@code sum(dy * y)} of each query and head
 */
record AttentionGradInputs(
        Op.Attention forward, Tensor q, Tensor k, Tensor v, Tensor bias, Tensor delta, Tensor dy) {
    private static final String FILE = "attention_grad";

    /** Converts what has another dtype, and launches attention_grad.cu for delta. */
    static AttentionGradInputs of(
            Launcher launcher, Operands operands, TrainingOp.AttentionGrad op) {
        Op.Attention forward = op.forward();
        Tensor dy = operands.activation(op.dy());
        Tensor q = operands.activation(forward.q());
        Tensor delta = operands.scratch(DType.F32, Shape.of(q.dim(0), q.dim(2), q.dim(1)));
        delta(launcher, operands.activation(forward.out()), dy, delta);
        return new AttentionGradInputs(
                forward,
                q,
                operands.activation(forward.k()),
                operands.activation(forward.v()),
                operands.parameter(forward.mask().bias()),
                delta,
                dy);
    }

    /** Scratch for delta. */
    static long workspaceBytes(TrainingOp.AttentionGrad op) {
        Tensor q = op.forward().q();
        return (long) Float.BYTES * q.dim(0) * q.dim(1) * q.dim(2);
    }

    /** Everything that is read, what is written, and the sizes. */
    Arguments arguments(Tensor... results) {
        return results(
                scores(AttentionArguments.heads(q, k, v)).pointer(Launcher.address(dy)), results);
    }

    /**
     * The same where the heads are tensor maps.
     *
     * @param maps of q, dy, k and v
     */
    Arguments arguments(Arguments maps, Tensor... results) {
        return results(scores(maps), results);
    }

    private Arguments scores(Arguments heads) {
        return AttentionArguments.scores(heads, forward.scale(), forward.mask(), bias)
                .pointer(Launcher.address(forward.lse()))
                .pointer(Launcher.address(delta));
    }

    private Arguments results(Arguments arguments, Tensor... results) {
        for (Tensor result : results) {
            arguments.pointer(Launcher.address(result));
        }
        return AttentionArguments.sizes(arguments, q, k);
    }

    private static void delta(Launcher launcher, Tensor y, Tensor dy, Tensor delta) {
        launchWarps(
                launcher,
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

    /** Queues a kernel of attention_grad.cu with a warp for each row of heads. */
    static void launchWarps(Launcher launcher, String entry, Tensor heads, Arguments arguments) {
        String name = entry + launcher.suffix();
        long items = (long) heads.dim(0) * heads.dim(1) * heads.dim(2);
        Grid grid = Grid.of(Grid.blocks(items, launcher.warps(FILE, name)));
        launcher.launch(FILE, name, grid, arguments);
    }
}

package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.Tensor;

/**
 * Launches attention_grad_mma.cu, tensor cores for bf16 heads of whole chunks: a block for each
 * tile of queries, then of keys.
 */
final class AttentionGradMma implements Variant<TrainingOp.AttentionGrad> {
    private static final String FILE = "attention_grad_mma";

    private final Launcher launcher;

    AttentionGradMma(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "mma";
    }

    @Override
    public String refuses(TrainingOp.AttentionGrad op) {
        Op.Attention forward = op.forward();
        return AttentionMma.refuses(
                launcher,
                forward,
                forward.q(),
                forward.k(),
                forward.v(),
                op.dy(),
                op.dq(),
                op.dk(),
                op.dv());
    }

    @Override
    public long workspaceBytes(TrainingOp.AttentionGrad op) {
        return AttentionGradInputs.workspaceBytes(op);
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        try (Operands operands = launcher.operands()) {
            AttentionGradInputs inputs = AttentionGradInputs.of(launcher, operands, op);
            launch("q", inputs.q(), inputs.arguments(op.dq()));
            launch("kv", inputs.k(), inputs.arguments(op.dk(), op.dv()));
        }
    }

    private void launch(String rows, Tensor heads, Arguments arguments) {
        int width = AttentionMma.width(heads.dim(3));
        long tiles = Grid.blocks(heads.dim(1), launcher.constant(FILE, FILE + "_rows"));
        launcher.launch(
                FILE,
                FILE + "_" + rows + "_h" + width + launcher.suffix(),
                Grid.of(tiles, heads.dim(2), heads.dim(0)),
                launcher.constant(FILE, FILE + "_h" + width + "_shared"),
                arguments);
    }
}

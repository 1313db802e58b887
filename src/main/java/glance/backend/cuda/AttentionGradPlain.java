package glance.backend.cuda;

import glance.op.TrainingOp;

/** Launches attention_grad.cu, plain arithmetic: a warp for each head of a query, then of a key. */
final class AttentionGradPlain implements Variant<TrainingOp.AttentionGrad> {
    private static final String FILE = "attention_grad";

    private final Launcher launcher;

    AttentionGradPlain(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public String refuses(TrainingOp.AttentionGrad op) {
        int most = launcher.constant(FILE, "attention_grad_head_dim");
        int headDim = op.forward().q().dim(3);
        return headDim > most ? "headDim " + headDim + " is above " + most : null;
    }

    @Override
    public long workspaceBytes(TrainingOp.AttentionGrad op) {
        return AttentionGradInputs.workspaceBytes(op);
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        try (Operands operands = launcher.operands()) {
            AttentionGradInputs inputs = AttentionGradInputs.of(launcher, operands, op);
            int batch = inputs.q().dim(0);
            AttentionGradInputs.launchWarps(
                    launcher, FILE + "_q", inputs.q(), inputs.arguments(op.dq()).i32(batch));
            AttentionGradInputs.launchWarps(
                    launcher,
                    FILE + "_kv",
                    inputs.k(),
                    inputs.arguments(op.dk(), op.dv()).i32(batch));
        }
    }
}

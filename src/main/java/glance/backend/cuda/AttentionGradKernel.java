package glance.backend.cuda;

import glance.backend.AttentionMask;
import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/** Launches attention_grad.cu: a warp for each head of a query, then of a key. */
final class AttentionGradKernel implements Kernel<TrainingOp.AttentionGrad> {
    private static final String FILE = "attention_grad";

    private final Launcher launcher;

    AttentionGradKernel(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public String refuses(TrainingOp.AttentionGrad op) {
        int most = launcher.constant(FILE, "attention_grad_head_dim");
        int headDim = op.forward().q().dim(3);
        if (headDim > most) {
            return "headDim " + headDim + " is above " + most;
        }
        return null;
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        if (launcher.computeType() == DType.F32) {
            runFloats(op);
            return;
        }
        Op.Attention forward = op.forward();
        try (Operands operands = launcher.operands()) {
            Tensor dq = operands.scratch(DType.F32, op.dq().shape());
            Tensor dk = operands.scratch(DType.F32, op.dk().shape());
            Tensor dv = operands.scratch(DType.F32, op.dv().shape());
            Op.Attention widened =
                    new Op.Attention(
                            operands.parameter(forward.q()),
                            operands.parameter(forward.k()),
                            operands.parameter(forward.v()),
                            forward.scale(),
                            forward.mask().withBias(operands.parameter(forward.mask().bias())),
                            forward.lse(),
                            operands.parameter(forward.out()));
            runFloats(
                    new TrainingOp.AttentionGrad(widened, operands.parameter(op.dy()), dq, dk, dv));
            CopyKernel.run(launcher, new Op.Copy(dq, op.dq()));
            CopyKernel.run(launcher, new Op.Copy(dk, op.dk()));
            CopyKernel.run(launcher, new Op.Copy(dv, op.dv()));
        }
    }

    private void runFloats(TrainingOp.AttentionGrad op) {
        Op.Attention forward = op.forward();
        Tensor q = forward.q();
        Tensor k = forward.k();
        try (Operands operands = launcher.operands()) {
            Tensor delta = operands.scratch(DType.F32, Shape.of(q.dim(0), q.dim(2), q.dim(1)));
            launch(
                    "attention_grad_delta_f32",
                    q,
                    new Arguments()
                            .pointer(Launcher.address(forward.out()))
                            .pointer(Launcher.address(op.dy()))
                            .pointer(Launcher.address(delta))
                            .i32(q.dim(0))
                            .i32(q.dim(1))
                            .i32(q.dim(2))
                            .i32(q.dim(3)));
            launch(
                    "attention_grad_q_f32",
                    q,
                    sizes(
                            inputs(forward, delta)
                                    .pointer(Launcher.address(op.dy()))
                                    .pointer(Launcher.address(op.dq())),
                            forward));
            launch(
                    "attention_grad_kv_f32",
                    k,
                    sizes(
                            inputs(forward, delta)
                                    .pointer(Launcher.address(op.dy()))
                                    .pointer(Launcher.address(op.dk()))
                                    .pointer(Launcher.address(op.dv())),
                            forward));
        }
    }

    private void launch(String entry, Tensor heads, Arguments arguments) {
        long items = (long) heads.dim(0) * heads.dim(1) * heads.dim(2);
        launcher.launch(
                FILE, entry, Grid.of(Grid.blocks(items, launcher.warps(FILE, entry))), arguments);
    }

    private static Arguments inputs(Op.Attention forward, Tensor delta) {
        Arguments arguments = new Arguments();
        for (Tensor x : new Tensor[] {forward.q(), forward.k(), forward.v()}) {
            arguments.pointer(Launcher.address(x)).struct(x.stride(0), x.stride(1), x.stride(2));
        }
        AttentionMask mask = forward.mask();
        return arguments
                .f32(forward.scale())
                .i32(mask.causal() ? 1 : 0)
                .i32(mask.prefix())
                .pointer(Launcher.address(mask.lengths()))
                .pointer(Launcher.address(mask.bias()))
                .pointer(Launcher.address(forward.lse()))
                .pointer(Launcher.address(delta));
    }

    private static Arguments sizes(Arguments arguments, Op.Attention forward) {
        return arguments
                .i32(forward.q().dim(0))
                .i32(forward.q().dim(1))
                .i32(forward.k().dim(1))
                .i32(forward.q().dim(2))
                .i32(forward.k().dim(2))
                .i32(forward.q().dim(3));
    }
}

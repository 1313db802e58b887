package glance.backend.cuda;

import glance.backend.TrainingOp;
import glance.backend.cuda.driver.Arguments;
import glance.backend.cuda.driver.Grid;
import glance.tensor.Tensor;

/** Launches gradients.cu, and the column sums of norm_grad.cu for gates. */
final class GradientKernels {
    private static final String FILE = "gradients";

    private final Launcher launcher;

    GradientKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void fill(TrainingOp.Fill op) {
        long count = op.out().numel();
        launcher.launchElements(
                FILE,
                "fill_f32",
                count,
                new Arguments().pointer(Launcher.address(op.out())).i64(count).f32(op.value()));
    }

    void accumulate(TrainingOp.Accumulate op) {
        long count = op.out().numel();
        if (count > 0) {
            launcher.launchElements(
                    FILE,
                    "accumulate_f32",
                    count,
                    new Arguments()
                            .pointer(Launcher.address(op.x()))
                            .pointer(Launcher.address(op.out()))
                            .i64(count)
                            .struct(CopyKernel.layoutStruct(op.x(), op.out())));
        }
    }

    void activation(TrainingOp.ActivationGrad op) {
        long count = op.out().numel();
        launcher.launchElements(
                FILE,
                "activation_grad_f32",
                count,
                new Arguments()
                        .pointer(Launcher.address(op.x()))
                        .pointer(Launcher.address(op.dy()))
                        .pointer(Launcher.address(op.out()))
                        .i64(count)
                        .i32(op.activation().ordinal()));
    }

    void gate(TrainingOp.GateGrad op) {
        Tensor gate = op.forward().gate();
        Tensor y = op.forward().y();
        long count = op.out().numel();
        launcher.launchElements(
                FILE,
                "gate_grad_f32",
                count,
                new Arguments()
                        .pointer(Launcher.address(gate))
                        .i64(Launcher.sampleStride(gate))
                        .pointer(Launcher.address(op.dy()))
                        .pointer(Launcher.address(op.out()))
                        .i64(count)
                        .i32(y.dim(1))
                        .i32(y.dim(2)));
        columnSums(launcher, op.dy(), y, null, op.dGate());
    }

    /**
     * For each sample of {@code sums} [batch or 1, dim] the sum over its rows of dy times x, which
     * is normalised first if moments are given and counts as 1 if absent.
     */
    static void columnSums(Launcher launcher, Tensor dy, Tensor x, Tensor moments, Tensor sums) {
        int dim = dy.dim(2);
        long rowsEach = (long) dy.dim(0) * dy.dim(1) / sums.dim(0);
        String entry = "column_sums_f32";
        int threads = launcher.function("norm_grad", entry).maxThreads();
        launcher.launch(
                "norm_grad",
                entry,
                Grid.of(Grid.blocks(dim, threads), sums.dim(0)),
                new Arguments()
                        .pointer(Launcher.address(dy))
                        .pointer(Launcher.address(x))
                        .i64(x == null ? 0 : x.stride(0))
                        .i64(x == null ? 0 : x.stride(1))
                        .pointer(Launcher.address(moments))
                        .pointer(Launcher.address(sums))
                        .i64(rowsEach)
                        .i32(dy.dim(1))
                        .i32(dim));
    }
}

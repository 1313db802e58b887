package glance.backend.cuda;

import glance.backend.cuda.driver.Arguments;
import glance.op.Op;
import glance.tensor.Tensor;

/** Launches lookup.cu, and expand.cu for rows of quantised tables. */
final class LookupKernels {
    private static final String FILE = "lookup";

    private final Launcher launcher;

    LookupKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    void embedding(Op.Embedding op) {
        if (Expand.hasRows(op.table())) {
            Expand.rows(launcher, op.ids(), op.table(), op.out());
            return;
        }
        try (Operands operands = launcher.operands()) {
            embedding(op, operands.weight(op.table()));
        }
    }

    private void embedding(Op.Embedding op, Tensor table) {
        long count = op.out().numel();
        launcher.launchElements(
                FILE,
                "embedding" + launcher.suffix(),
                count,
                new Arguments()
                        .pointer(Launcher.address(op.ids()))
                        .pointer(Launcher.address(table))
                        .i32(DTypeCode.of(table.dtype()))
                        .pointer(Launcher.address(op.out()))
                        .i64(count)
                        .i32(table.dim(0))
                        .i32(table.dim(1)));
    }

    void timestepEmbedding(Op.TimestepEmbedding op) {
        long count = op.out().numel();
        launcher.launchElements(
                FILE,
                "timestep_embedding" + launcher.suffix(),
                count,
                new Arguments()
                        .pointer(Launcher.address(op.t()))
                        .pointer(Launcher.address(op.out()))
                        .i64(count)
                        .i32(op.out().dim(1) / 2)
                        .f32(op.scale())
                        .f32(op.freqShift()));
    }
}

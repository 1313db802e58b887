package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.tensor.block.Hadamard;

/** Rows turned by a Hadamard matrix, and scaled. */
final class RotateKernel implements Kernel<Op.Rotate> {
    private final Workers workers;

    RotateKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.Rotate op) {
        int dim = op.out().dim(-1);
        float[] out = CpuStorage.floats(op.out());
        float[] scales = op.scales() == null ? null : CpuStorage.floats(op.scales());
        workers.forEachRange(
                (int) (op.out().numel() / Math.max(dim, 1)),
                dim,
                row -> {
                    int to = (int) op.out().offset() + row * dim;
                    Widen.toFloats(op.x(), op.x().offset() + (long) row * dim, out, to, dim);
                    Hadamard.rotate(out, to, dim, op.group());
                    if (scales != null) {
                        Rows.scale(scales[(int) op.scales().offset() + row], out, to, dim);
                    }
                });
    }
}

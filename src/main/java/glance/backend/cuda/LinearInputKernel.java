package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.TrainingOp;
import glance.tensor.DType;

/**
 * The gradient of a linear product towards its argument: in F32 by product.cu, in BF16 by
 * linear_mma.cu.
 */
final class LinearInputKernel implements Kernel<TrainingOp.LinearInput> {
    private final Launcher launcher;
    private final ProductKernels plain;
    private final LinearMma mma;

    LinearInputKernel(Launcher launcher, ProductKernels plain) {
        this.launcher = launcher;
        this.plain = plain;
        this.mma = new LinearMma(launcher);
    }

    @Override
    public long workspaceBytes(TrainingOp.LinearInput op) {
        int rows = op.dy().dim(0) * op.dy().dim(1);
        if (isBf16()) {
            return LinearMma.workspaceBytes(rows, op.weight(), op.lora())
                    + Packed.bytes(op.dy().reshape(rows, op.dy().dim(2)));
        }
        return op.lora() == null ? 0 : (long) Float.BYTES * rows * op.lora().a().dim(0);
    }

    @Override
    public void run(TrainingOp.LinearInput op) {
        if (op.out().numel() == 0) {
            return;
        }
        if (isBf16()) {
            try (Operands operands = launcher.operands()) {
                mma.linearInput(operands, op);
            }
        } else {
            plain.linearInput(op);
        }
    }

    private boolean isBf16() {
        return launcher.computeType() == DType.BF16;
    }
}

package glance.backend.cuda;

import glance.backend.Kernel;
import glance.backend.TrainingOp;
import glance.tensor.DType;

/**
 * The gradient of a linear product towards its argument: in F32 by product.cu; in BF16 by
 * linear_mma.cu, which has no other way for what tensor cores do not take.
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
    public String refuses(TrainingOp.LinearInput op) {
        return isBf16(op) ? LinearMma.refuses(op) : TrainingTypes.refuses(launcher, op);
    }

    @Override
    public long workspaceBytes(TrainingOp.LinearInput op) {
        return isBf16(op)
                ? LinearMma.workspaceBytes(op.dy().dim(0) * op.dy().dim(1), op.weight(), op.lora())
                : 0;
    }

    @Override
    public void run(TrainingOp.LinearInput op) {
        if (op.out().numel() == 0) {
            return;
        }
        if (isBf16(op)) {
            try (Operands operands = launcher.operands()) {
                mma.linearInput(operands, op);
            }
        } else {
            plain.linearInput(op);
        }
    }

    private boolean isBf16(TrainingOp.LinearInput op) {
        return launcher.computeType() == DType.BF16 && op.out().dtype() == DType.BF16;
    }
}

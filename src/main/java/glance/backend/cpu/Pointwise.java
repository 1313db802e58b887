package glance.backend.cpu;

import glance.backend.Op;
import glance.tensor.Tensor;

/** Element by element operations. */
final class Pointwise {
    private Pointwise() {}

    static void gateResidual(Op.GateResidual op) {
        Tensor y = op.y();
        Tensor gate = op.gate();
        int seqLen = y.dim(1);
        int dim = y.dim(2);
        float[] rs = CpuStorage.floats(op.residual());
        float[] gs = CpuStorage.floats(gate);
        float[] ys = CpuStorage.floats(y);
        float[] out = CpuStorage.floats(op.out());
        for (int row = 0; row < y.dim(0) * seqLen; row++) {
            int sample = gate.dim(0) == 1 ? 0 : row / seqLen;
            int gAt = (int) (gate.offset() + sample * gate.stride(0));
            int at = row * dim;
            for (int d = 0; d < dim; d++) {
                out[(int) op.out().offset() + at + d] =
                        rs[(int) op.residual().offset() + at + d]
                                + gs[gAt + d] * ys[(int) y.offset() + at + d];
            }
        }
    }

    static void unary(Op.Unary op) {
        int count = (int) op.x().numel();
        float[] out = CpuStorage.floats(op.out());
        System.arraycopy(
                CpuStorage.floats(op.x()),
                (int) op.x().offset(),
                out,
                (int) op.out().offset(),
                count);
        Activations.apply(op.activation(), out, (int) op.out().offset(), count);
    }

    static void gatedActivation(Op.GatedActivation op) {
        float[] gs = CpuStorage.floats(op.gate());
        float[] us = CpuStorage.floats(op.up());
        float[] out = CpuStorage.floats(op.out());
        for (int i = 0; i < op.gate().numel(); i++) {
            out[(int) op.out().offset() + i] =
                    Activations.apply(op.activation(), gs[(int) op.gate().offset() + i])
                            * us[(int) op.up().offset() + i];
        }
    }

    static void binary(Op.Binary op) {
        float[] as = CpuStorage.floats(op.a());
        float[] bs = CpuStorage.floats(op.b());
        float[] out = CpuStorage.floats(op.out());
        int period = (int) op.b().numel();
        for (int i = 0; i < op.a().numel(); i++) {
            float a = as[(int) op.a().offset() + i];
            float b = bs[(int) op.b().offset() + i % period];
            out[(int) op.out().offset() + i] =
                    switch (op.kind()) {
                        case ADD -> a + b;
                        case MUL -> a * b;
                    };
        }
    }
}

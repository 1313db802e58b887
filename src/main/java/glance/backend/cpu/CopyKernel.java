package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Tensor;

/** Strided copies; converts any dtype to F32, and copies I32 as it is. */
final class CopyKernel implements Kernel<Op.Copy> {
    @Override
    public String refuses(Op.Copy op) {
        boolean same = op.x().dtype() == op.out().dtype();
        boolean known = op.out().dtype() == DType.F32 || (same && op.x().dtype() == DType.I32);
        return known
                ? null
                : "copies " + op.x().dtype() + " to F32 only, not to " + op.out().dtype();
    }

    @Override
    public void run(Op.Copy op) {
        if (op.x().numel() > 0) {
            copy(op.x(), op.out(), 0, op.x().offset(), op.out().offset());
        }
    }

    private static void copy(Tensor from, Tensor to, int axis, long at, long target) {
        if (axis < from.rank() - 1) {
            for (int i = 0; i < from.dim(axis); i++) {
                copy(from, to, axis + 1, at + i * from.stride(axis), target + i * to.stride(axis));
            }
            return;
        }
        int count = from.rank() == 0 ? 1 : from.dim(-1);
        long step = from.rank() == 0 ? 1 : from.stride(-1);
        long targetStep = from.rank() == 0 ? 1 : to.stride(-1);
        if (to.dtype() == DType.I32) {
            for (int i = 0; i < count; i++) {
                int value = CpuStorage.of(from).bytes.getInt((int) (4 * (at + i * step)));
                CpuStorage.of(to).bytes.putInt((int) (4 * (target + i * targetStep)), value);
            }
        } else if (step == 1 && targetStep == 1) {
            Widen.toFloats(from, at, CpuStorage.floats(to), (int) target, count);
        } else {
            float[] ys = CpuStorage.floats(to);
            for (int i = 0; i < count; i++) {
                Widen.toFloats(from, at + i * step, ys, (int) (target + i * targetStep), 1);
            }
        }
    }
}

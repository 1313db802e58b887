package glance.backend.cpu;

import glance.backend.Kernel;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;

/** Per-head RMSNorm and rotary positions, streams joined along the sequence. */
final class HeadNormRopeKernel implements Kernel<Op.HeadNormRope> {
    private final Workers workers;

    HeadNormRopeKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.HeadNormRope op) {
        int start = 0;
        for (int s = 0; s < op.streams().size(); s++) {
            stream(op, op.streams().get(s), op.weights().get(s), start);
            start += op.streams().get(s).dim(1);
        }
    }

    private void stream(Op.HeadNormRope op, Tensor x, Tensor weight, int start) {
        int seqLen = x.dim(1);
        int heads = x.dim(2);
        int headDim = x.dim(3);
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        workers.forEachRange(
                x.dim(0) * seqLen,
                heads * headDim,
                token -> {
                    int batch = token / seqLen;
                    int position = token % seqLen;
                    for (int h = 0; h < heads; h++) {
                        int from = at(x, batch, position, h);
                        int to = at(op.out(), batch, start + position, h);
                        head(xs, from, weight, op.eps(), ys, to, headDim);
                        if (op.rope() != null) {
                            long row = op.rope().row(batch, start + position);
                            rotate(op.rope(), (int) row, ys, to, headDim / 2);
                        }
                    }
                });
    }

    private static void head(
            float[] xs, int from, Tensor weight, float eps, float[] ys, int to, int headDim) {
        if (weight == null) {
            System.arraycopy(xs, from, ys, to, headDim);
            return;
        }
        Rows.normalize(
                xs, from, 0, RmsNormKernel.inverseRms(xs, from, headDim, eps), ys, to, headDim);
        Rows.multiply(CpuStorage.floats(weight), (int) weight.offset(), ys, to, headDim);
    }

    private static void rotate(Rope rope, int row, float[] ys, int at, int half) {
        float[] cos = CpuStorage.floats(rope.cos());
        float[] sin = CpuStorage.floats(rope.sin());
        int cosAt = (int) rope.cos().offset() + row * half;
        int sinAt = (int) rope.sin().offset() + row * half;
        if (rope.pairing() == Rope.Pairing.INTERLEAVED) {
            Simd.INSTANCE.rotatePairs(ys, at, cos, cosAt, sin, sinAt, half);
        } else {
            Simd.INSTANCE.rotateHalves(ys, at, cos, cosAt, sin, sinAt, half);
        }
    }

    private static int at(Tensor t, int b, int s, int h) {
        return (int) (t.offset() + b * t.stride(0) + s * t.stride(1) + h * t.stride(2));
    }
}

package glance.backend.cpu;

import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.Rope;
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
        float[] w = weight == null ? null : CpuStorage.floats(weight);
        Rope rope = op.rope();
        float[] cos = rope == null ? null : CpuStorage.floats(rope.cos());
        float[] sin = rope == null ? null : CpuStorage.floats(rope.sin());
        int half = headDim / 2;
        boolean neighbours = rope != null && rope.pairing() == Rope.Pairing.INTERLEAVED;
        workers.forEach(
                x.dim(0) * seqLen,
                task -> {
                    int b = task / seqLen;
                    int position = task % seqLen;
                    for (int h = 0; h < heads; h++) {
                        int from =
                                (int)
                                        (x.offset()
                                                + b * x.stride(0)
                                                + position * x.stride(1)
                                                + h * x.stride(2));
                        int to =
                                (int)
                                        (op.out().offset()
                                                + b * op.out().stride(0)
                                                + (start + position) * op.out().stride(1)
                                                + h * op.out().stride(2));
                        float scale = 1;
                        if (w != null) {
                            scale = RmsNormKernel.inverseRms(xs, from, headDim, op.eps());
                        }
                        for (int d = 0; d < headDim; d++) {
                            ys[to + d] = w == null ? xs[from + d] : xs[from + d] * scale * w[d];
                        }
                        if (rope != null) {
                            int row = (start + position) * half;
                            for (int j = 0; j < half; j++) {
                                int first = to + (neighbours ? 2 * j : j);
                                int second = first + (neighbours ? 1 : half);
                                float c = cos[(int) rope.cos().offset() + row + j];
                                float n = sin[(int) rope.sin().offset() + row + j];
                                float p = ys[first];
                                float q = ys[second];
                                ys[first] = p * c - q * n;
                                ys[second] = q * c + p * n;
                            }
                        }
                    }
                });
    }
}

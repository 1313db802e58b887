package glance.backend.cpu;

import glance.backend.AttentionMask;
import glance.backend.Kernel;
import glance.backend.Op;
import glance.tensor.Tensor;

/** Attention, one query row at a time with a running softmax. */
final class AttentionKernel implements Kernel<Op.Attention> {
    private final Workers workers;

    AttentionKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(Op.Attention op) {
        Tensor q = op.q();
        int seqLen = q.dim(1);
        int heads = q.dim(2);
        int headDim = q.dim(3);
        int keyLen = op.k().dim(1);
        int group = heads / op.k().dim(2);
        float[] qs = CpuStorage.floats(q);
        float[] ks = CpuStorage.floats(op.k());
        float[] vs = CpuStorage.floats(op.v());
        float[] ys = CpuStorage.floats(op.out());
        AttentionMask mask = op.mask();
        workers.forEach(
                q.dim(0) * heads * seqLen,
                task -> {
                    int b = task / (heads * seqLen);
                    int h = task / seqLen % heads;
                    int i = task % seqLen;
                    int prefixLen =
                            mask.lengths() == null
                                    ? 0
                                    : CpuStorage.of(mask.lengths())
                                            .bytes
                                            .getInt(4 * ((int) mask.lengths().offset() + b));
                    double[] sum = new double[headDim];
                    double max = Double.NEGATIVE_INFINITY;
                    double total = 0;
                    int qAt = at(q, b, i, h);
                    for (int j = 0; j < keyLen; j++) {
                        if ((mask.causal() && j > i) || (j < mask.prefix() && j >= prefixLen)) {
                            continue;
                        }
                        int kAt = at(op.k(), b, j, h / group);
                        double score = 0;
                        for (int d = 0; d < headDim; d++) {
                            score += (double) qs[qAt + d] * ks[kAt + d];
                        }
                        score *= op.scale();
                        if (mask.bias() != null) {
                            Tensor bias = mask.bias();
                            score +=
                                    CpuStorage.floats(bias)[
                                            (int)
                                                    (bias.offset()
                                                            + h * bias.stride(0)
                                                            + i * bias.stride(1)
                                                            + j * bias.stride(2))];
                        }
                        double newMax = Math.max(max, score);
                        double keep = Math.exp(max - newMax);
                        double p = Math.exp(score - newMax);
                        int vAt = at(op.v(), b, j, h / group);
                        for (int d = 0; d < headDim; d++) {
                            sum[d] = sum[d] * keep + p * vs[vAt + d];
                        }
                        total = total * keep + p;
                        max = newMax;
                    }
                    int yAt = at(op.out(), b, i, h);
                    for (int d = 0; d < headDim; d++) {
                        ys[yAt + d] = total == 0 ? 0 : (float) (sum[d] / total);
                    }
                    if (op.lse() != null) {
                        CpuStorage.floats(op.lse())[(int) op.lse().offset() + task] =
                                (float) (max + Math.log(total));
                    }
                });
    }

    private static int at(Tensor t, int b, int s, int h) {
        return (int) (t.offset() + b * t.stride(0) + s * t.stride(1) + h * t.stride(2));
    }
}

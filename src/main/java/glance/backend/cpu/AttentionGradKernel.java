package glance.backend.cpu;

import glance.backend.AttentionMask;
import glance.backend.Kernel;
import glance.backend.Op;
import glance.backend.TrainingOp;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * Gradients of attention. Scores are computed again, row by row, from the saved log-sum-exp. A task
 * owns one key head of one sample, with all query heads that read it, and so all sums into its dk
 * and dv.
 */
final class AttentionGradKernel implements Kernel<TrainingOp.AttentionGrad> {
    private final Workers workers;

    AttentionGradKernel(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void run(TrainingOp.AttentionGrad op) {
        int kvHeads = op.forward().k().dim(2);
        workers.forEach(
                op.forward().q().dim(0) * kvHeads,
                task -> head(op, task / kvHeads, task % kvHeads));
    }

    private static void head(TrainingOp.AttentionGrad op, int b, int kvHead) {
        Op.Attention f = op.forward();
        int keyLen = f.k().dim(1);
        int headDim = f.q().dim(3);
        int group = f.q().dim(2) / f.k().dim(2);
        float[] dks = CpuStorage.floats(op.dk());
        float[] dvs = CpuStorage.floats(op.dv());
        for (int j = 0; j < keyLen; j++) {
            int at = at(op.dk(), b, j, kvHead);
            Arrays.fill(dks, at, at + headDim, 0);
            at = at(op.dv(), b, j, kvHead);
            Arrays.fill(dvs, at, at + headDim, 0);
        }
        for (int g = 0; g < group; g++) {
            for (int i = 0; i < f.q().dim(1); i++) {
                query(op, b, kvHead, kvHead * group + g, i);
            }
        }
    }

    private static void query(TrainingOp.AttentionGrad op, int b, int kvHead, int head, int i) {
        Op.Attention f = op.forward();
        int headDim = f.q().dim(3);
        float[] qs = CpuStorage.floats(f.q());
        float[] ks = CpuStorage.floats(f.k());
        float[] vs = CpuStorage.floats(f.v());
        float[] dys = CpuStorage.floats(op.dy());
        float[] dqs = CpuStorage.floats(op.dq());
        float[] dks = CpuStorage.floats(op.dk());
        float[] dvs = CpuStorage.floats(op.dv());
        int q = at(f.q(), b, i, head);
        int dy = at(op.dy(), b, i, head);
        int dq = at(op.dq(), b, i, head);
        Arrays.fill(dqs, dq, dq + headDim, 0);
        int lseAt = (int) f.lse().offset() + (b * f.q().dim(2) + head) * f.q().dim(1) + i;
        float lse = CpuStorage.floats(f.lse())[lseAt];
        float rowDot =
                Simd.INSTANCE.dot(
                        dys, dy, CpuStorage.floats(f.out()), at(f.out(), b, i, head), headDim);
        AttentionMask mask = f.mask();
        int prefixLen =
                mask.lengths() == null
                        ? 0
                        : CpuStorage.of(mask.lengths())
                                .bytes
                                .getInt(4 * ((int) mask.lengths().offset() + b));
        int visible = mask.causal() ? i + 1 : f.k().dim(1);
        for (int j = 0; j < visible; j++) {
            if (j < mask.prefix() && j >= prefixLen) {
                continue;
            }
            int k = at(f.k(), b, j, kvHead);
            int v = at(f.v(), b, j, kvHead);
            double score = f.scale() * (double) Simd.INSTANCE.dot(qs, q, ks, k, headDim);
            if (mask.bias() != null) {
                Tensor bias = mask.bias();
                long at = head * bias.stride(0) + i * bias.stride(1) + j * bias.stride(2);
                score += CpuStorage.floats(bias)[(int) (bias.offset() + at)];
            }
            float p = (float) Math.exp(score - lse);
            float ds = p * (Simd.INSTANCE.dot(dys, dy, vs, v, headDim) - rowDot) * f.scale();
            Rows.addScaled(p, dys, dy, dvs, at(op.dv(), b, j, kvHead), headDim);
            Rows.addScaled(ds, ks, k, dqs, dq, headDim);
            Rows.addScaled(ds, qs, q, dks, at(op.dk(), b, j, kvHead), headDim);
        }
    }

    private static int at(Tensor t, int b, int s, int h) {
        return (int) (t.offset() + b * t.stride(0) + s * t.stride(1) + h * t.stride(2));
    }
}

package glance.backend.cpu;

import glance.op.Op;
import glance.op.Rope;
import glance.op.TrainingOp;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Gradients of the norms. */
final class NormGradKernels {
    private static final Simd SIMD = Simd.INSTANCE;

    /**
     * Tokens whose parts of a sum over all tokens are added up first, for any number of threads.
     */
    private static final int TOKENS = 32;

    private final Workers workers;

    NormGradKernels(Workers workers) {
        this.workers = workers;
    }

    /** With r = 1 / rms: {@code dx = r (w dy - x r^2 mean(x w dy))}. */
    void rmsNorm(TrainingOp.RmsNormGrad op) {
        Op.RmsNorm forward = op.forward();
        Tensor x = forward.x();
        int seqLen = x.dim(1);
        int dim = x.dim(2);
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(op.out());
        workers.forEachRange(
                x.dim(0) * seqLen,
                dim,
                row -> {
                    int from =
                            (int)
                                    (x.offset()
                                            + row / seqLen * x.stride(0)
                                            + row % seqLen * x.stride(1));
                    rmsRow(
                            xs,
                            from,
                            forward.weight(),
                            forward.eps(),
                            dys,
                            (int) op.dy().offset() + row * dim,
                            dxs,
                            (int) op.out().offset() + row * dim,
                            dim);
                });
    }

    private static void rmsRow(
            float[] xs,
            int x,
            Tensor weight,
            float eps,
            float[] dys,
            int dy,
            float[] dxs,
            int dx,
            int dim) {
        float inverse = RmsNormKernel.inverseRms(xs, x, dim, eps);
        float[] ws = weight == null ? null : CpuStorage.floats(weight);
        int w = weight == null ? 0 : (int) weight.offset();
        System.arraycopy(dys, dy, dxs, dx, dim);
        if (ws != null) {
            Rows.multiply(ws, w, dxs, dx, dim);
        }
        float shrink = SIMD.dot(xs, x, dxs, dx, dim) / dim * inverse * inverse;
        for (int d = 0; d < dim; d++) {
            dxs[dx + d] = inverse * (dxs[dx + d] - xs[x + d] * shrink);
        }
    }

    /** Rotation back by the opposite angle, then the norm's gradient, head by head. */
    void headNormRope(TrainingOp.HeadNormRopeGrad op) {
        List<Tensor> streams = op.forward().streams();
        int start = 0;
        for (int i = 0; i < streams.size(); i++) {
            stream(op, streams.get(i), op.forward().weights().get(i), op.dx().get(i), start);
            start += streams.get(i).dim(1);
        }
    }

    private void stream(
            TrainingOp.HeadNormRopeGrad op, Tensor x, Tensor weight, Tensor dx, int start) {
        int seqLen = x.dim(1);
        int heads = x.dim(2);
        int headDim = x.dim(3);
        int joint = op.dy().dim(1);
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(dx);
        workers.forEachRange(
                x.dim(0) * seqLen,
                heads * headDim,
                token -> {
                    float[] turned = new float[headDim];
                    int b = token / seqLen;
                    int position = token % seqLen;
                    for (int h = 0; h < heads; h++) {
                        int dy =
                                (int) op.dy().offset()
                                        + ((b * joint + start + position) * heads + h) * headDim;
                        System.arraycopy(dys, dy, turned, 0, headDim);
                        if (op.forward().rope() != null) {
                            Rope rope = op.forward().rope();
                            rotateBack(rope, (int) rope.row(b, start + position), turned);
                        }
                        int to = (int) dx.offset() + (token * heads + h) * headDim;
                        if (weight == null) {
                            System.arraycopy(turned, 0, dxs, to, headDim);
                        } else {
                            long from =
                                    x.offset()
                                            + b * x.stride(0)
                                            + position * x.stride(1)
                                            + h * x.stride(2);
                            rmsRow(
                                    xs,
                                    (int) from,
                                    weight,
                                    op.forward().eps(),
                                    turned,
                                    0,
                                    dxs,
                                    to,
                                    headDim);
                        }
                    }
                });
    }

    private static void rotateBack(Rope rope, int row, float[] x) {
        int half = x.length / 2;
        float[] cos = CpuStorage.floats(rope.cos());
        float[] sin = CpuStorage.floats(rope.sin());
        int cosAt = (int) rope.cos().offset() + row * half;
        int sinAt = (int) rope.sin().offset() + row * half;
        boolean neighbours = rope.pairing() == Rope.Pairing.INTERLEAVED;
        for (int j = 0; j < half; j++) {
            int first = neighbours ? 2 * j : j;
            int second = first + (neighbours ? 1 : half);
            float a = x[first];
            float b = x[second];
            x[first] = a * cos[cosAt + j] + b * sin[sinAt + j];
            x[second] = b * cos[cosAt + j] - a * sin[sinAt + j];
        }
    }

    /**
     * Tokens are shared out in groups of a fixed size. Each group has its own sums for dScale and
     * dShift, added in order at the end, so that the result does not depend on the threads.
     */
    void layerNorm(TrainingOp.LayerNormGrad op) {
        Tensor x = op.forward().x();
        int seqLen = x.dim(1);
        int dim = x.dim(2);
        int groups = (seqLen + TOKENS - 1) / TOKENS;
        boolean sums = op.dScale() != null;
        double[][] scaleSums = new double[x.dim(0) * groups][sums ? dim : 0];
        double[][] shiftSums = new double[x.dim(0) * groups][sums ? dim : 0];
        workers.forEach(
                x.dim(0) * groups,
                group -> {
                    int b = group / groups;
                    int first = group % groups * TOKENS;
                    float[] normed = new float[dim];
                    for (int t = first; t < Math.min(seqLen, first + TOKENS); t++) {
                        token(op, b, t, normed);
                        if (sums) {
                            float[] dys = CpuStorage.floats(op.dy());
                            int dy = (int) op.dy().offset() + (b * seqLen + t) * dim;
                            for (int d = 0; d < dim; d++) {
                                scaleSums[group][d] += (double) dys[dy + d] * normed[d];
                                shiftSums[group][d] += dys[dy + d];
                            }
                        }
                    }
                });
        if (sums) {
            perSample(scaleSums, groups, op.dScale());
            perSample(shiftSums, groups, op.dShift());
        }
    }

    /** Writes {@code dx = (g - mean(g) - n mean(g n)) / std} of a token, and n. */
    private static void token(TrainingOp.LayerNormGrad op, int b, int t, float[] normed) {
        Op.LayerNorm forward = op.forward();
        Tensor x = forward.x();
        float[] xs = CpuStorage.floats(x);
        float[] dxs = CpuStorage.floats(op.out());
        int dim = x.dim(2);
        int from = (int) (x.offset() + b * x.stride(0) + t * x.stride(1));
        int row = (b * x.dim(1) + t) * dim;
        int dx = (int) op.out().offset() + row;
        float mean = SIMD.sum(xs, from, dim) / dim;
        float variance = SIMD.sumSquares(xs, from, dim, mean) / dim;
        float inverse = (float) (1 / Math.sqrt(variance + forward.eps()));
        Rows.normalize(xs, from, mean, inverse, normed, 0, dim);
        System.arraycopy(CpuStorage.floats(op.dy()), (int) op.dy().offset() + row, dxs, dx, dim);
        if (forward.weight() != null) {
            Tensor weight = forward.weight();
            Rows.multiply(CpuStorage.floats(weight), (int) weight.offset(), dxs, dx, dim);
        }
        if (forward.scale() != null) {
            float[] scales = CpuStorage.floats(forward.scale());
            int scale = LayerNormKernel.perSample(forward.scale(), b);
            for (int d = 0; d < dim; d++) {
                dxs[dx + d] *= 1 + scales[scale + d];
            }
        }
        float meanG = SIMD.sum(dxs, dx, dim) / dim;
        float along = SIMD.dot(dxs, dx, normed, 0, dim) / dim;
        for (int d = 0; d < dim; d++) {
            dxs[dx + d] = inverse * (dxs[dx + d] - meanG - normed[d] * along);
        }
    }

    /**
     * Adds up the sums of the groups of each sample into a contiguous [batch or 1, dim], of all
     * samples where it is 1.
     *
     * @param sums [batch * groups][dim]
     */
    static void perSample(double[][] sums, int groups, Tensor out) {
        float[] values = CpuStorage.floats(out);
        int dim = out.dim(1);
        int perRow = out.dim(0) == 1 ? sums.length : groups;
        double[] total = new double[dim];
        for (int row = 0; row < out.dim(0); row++) {
            Arrays.fill(total, 0);
            for (int group = row * perRow; group < (row + 1) * perRow; group++) {
                for (int d = 0; d < dim; d++) {
                    total[d] += sums[group][d];
                }
            }
            for (int d = 0; d < dim; d++) {
                values[(int) out.offset() + row * dim + d] = (float) total[d];
            }
        }
    }
}

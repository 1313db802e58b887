package glance.backend.cpu;

import glance.backend.Op;
import glance.backend.Rope;
import glance.backend.TrainingOp;
import glance.tensor.Tensor;
import java.util.List;

/** Gradients of the norms. */
final class NormGradKernels {
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
        double dot = 0;
        for (int d = 0; d < dim; d++) {
            float g = ws == null ? dys[dy + d] : ws[w + d] * dys[dy + d];
            dxs[dx + d] = g;
            dot += (double) xs[x + d] * g;
        }
        float shrink = (float) (dot / dim) * inverse * inverse;
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
                            rotateBack(op.forward().rope(), start + position, turned);
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

    private static void rotateBack(Rope rope, int position, float[] x) {
        int half = x.length / 2;
        float[] cos = CpuStorage.floats(rope.cos());
        float[] sin = CpuStorage.floats(rope.sin());
        int cosAt = (int) rope.cos().offset() + position * half;
        int sinAt = (int) rope.sin().offset() + position * half;
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
     * Rows for dx; columns of one sample for dScale and dShift, summed token by token in order, so
     * that the result does not depend on the threads.
     */
    void layerNorm(TrainingOp.LayerNormGrad op) {
        Op.LayerNorm forward = op.forward();
        Tensor x = forward.x();
        int batch = x.dim(0);
        int seqLen = x.dim(1);
        int dim = x.dim(2);
        float[] xs = CpuStorage.floats(x);
        float[] dys = CpuStorage.floats(op.dy());
        float[] dxs = CpuStorage.floats(op.out());
        double[] scaleSums = new double[op.dScale() == null ? 0 : batch * dim];
        double[] shiftSums = new double[scaleSums.length];
        workers.forEach(
                batch,
                b -> {
                    float[] normed = new float[dim];
                    for (int t = 0; t < seqLen; t++) {
                        int from = (int) (x.offset() + b * x.stride(0) + t * x.stride(1));
                        float mean = Simd.INSTANCE.sum(xs, from, dim) / dim;
                        float variance = Simd.INSTANCE.sumSquares(xs, from, dim, mean) / dim;
                        float inverse = (float) (1 / Math.sqrt(variance + forward.eps()));
                        Rows.normalize(xs, from, mean, inverse, normed, 0, dim);
                        int row = (b * seqLen + t) * dim;
                        int dy = (int) op.dy().offset() + row;
                        if (op.dScale() != null) {
                            for (int d = 0; d < dim; d++) {
                                scaleSums[b * dim + d] += (double) dys[dy + d] * normed[d];
                                shiftSums[b * dim + d] += dys[dy + d];
                            }
                        }
                        inputRow(
                                forward,
                                b,
                                normed,
                                inverse,
                                dys,
                                dy,
                                dxs,
                                (int) op.out().offset() + row,
                                dim);
                    }
                });
        if (op.dScale() != null) {
            perSample(scaleSums, batch, dim, op.dScale());
            perSample(shiftSums, batch, dim, op.dShift());
        }
    }

    private static void inputRow(
            Op.LayerNorm forward,
            int b,
            float[] normed,
            float inverse,
            float[] dys,
            int dy,
            float[] dxs,
            int dx,
            int dim) {
        double sum = 0;
        double dot = 0;
        for (int d = 0; d < dim; d++) {
            float g = dys[dy + d];
            if (forward.weight() != null) {
                g *= CpuStorage.floats(forward.weight())[(int) forward.weight().offset() + d];
            }
            if (forward.scale() != null) {
                g *=
                        1
                                + CpuStorage.floats(forward.scale())[
                                        LayerNormKernel.perSample(forward.scale(), b) + d];
            }
            dxs[dx + d] = g;
            sum += g;
            dot += (double) g * normed[d];
        }
        float meanG = (float) (sum / dim);
        float meanDot = (float) (dot / dim);
        for (int d = 0; d < dim; d++) {
            dxs[dx + d] = inverse * (dxs[dx + d] - meanG - normed[d] * meanDot);
        }
    }

    /**
     * Writes sums of [batch, dim] to a contiguous [batch or 1, dim], adding samples where it is 1.
     */
    static void perSample(double[] sums, int batch, int dim, Tensor out) {
        float[] values = CpuStorage.floats(out);
        int at = (int) out.offset();
        for (int d = 0; d < dim; d++) {
            if (out.dim(0) == batch) {
                for (int b = 0; b < batch; b++) {
                    values[at + b * dim + d] = (float) sums[b * dim + d];
                }
            } else {
                double total = 0;
                for (int b = 0; b < batch; b++) {
                    total += sums[b * dim + d];
                }
                values[at + d] = (float) total;
            }
        }
    }
}

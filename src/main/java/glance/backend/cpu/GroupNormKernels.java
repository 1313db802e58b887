package glance.backend.cpu;

import glance.op.Op;
import glance.tensor.Tensor;

/**
 * GroupNorm, channels last, in two operations: statistics of the whole picture, then the norm of
 * the picture or of a strip. Sums are made row by row of the picture in double precision and added
 * up in the order of the rows, so that they depend neither on the threads nor on the strips.
 */
final class GroupNormKernels {
    private final Workers workers;

    GroupNormKernels(Workers workers) {
        this.workers = workers;
    }

    void statistics(Op.GroupStatistics op) {
        int batch = op.out().dim(0);
        int groups = op.out().dim(1);
        int channels = op.parts().get(0).dim(3);
        double[] sums = new double[batch * groups * 2]; // (batch, groups, sum and sum of squares)
        long pixels = 0;
        for (Tensor part : op.parts()) {
            int height = part.dim(1);
            pixels += (long) height * part.dim(2);
            double[] rows = rowSums(part, groups); // (batch, height, groups, 2)
            for (int i = 0; i < rows.length; i++) {
                int sample = i / (height * groups * 2);
                sums[sample * groups * 2 + i % (groups * 2)] += rows[i];
            }
        }
        double count = (double) pixels * (channels / groups);
        float[] out = CpuStorage.floats(op.out());
        int at = (int) op.out().offset();
        for (int i = 0; i < sums.length; i += 2) {
            double mean = sums[i] / count;
            double variance = Math.max(0, sums[i + 1] / count - mean * mean);
            out[at + i] = (float) mean;
            out[at + i + 1] = (float) (1 / Math.sqrt(variance + op.eps()));
        }
    }

    private double[] rowSums(Tensor part, int groups) {
        int rows = part.dim(0) * part.dim(1);
        int channels = part.dim(3);
        int size = part.dim(2) * channels;
        int perGroup = channels / groups;
        float[] xs = CpuStorage.floats(part);
        int start = (int) part.offset();
        double[] result = new double[rows * groups * 2];
        workers.forEachRange(
                rows,
                size,
                row -> {
                    double[] sum = new double[channels];
                    double[] squares = new double[channels];
                    int from = start + row * size;
                    for (int pixel = from; pixel < from + size; pixel += channels) {
                        addPixel(xs, pixel, sum, squares);
                    }
                    for (int c = 0; c < channels; c++) {
                        int group = (row * groups + c / perGroup) * 2;
                        result[group] += sum[c];
                        result[group + 1] += squares[c];
                    }
                });
        return result;
    }

    /** Own method, so that the JIT sees a plain loop over independent channels. */
    private static void addPixel(float[] xs, int at, double[] sum, double[] squares) {
        for (int c = 0; c < sum.length; c++) {
            double x = xs[at + c];
            sum[c] += x;
            squares[c] += x * x;
        }
    }

    void norm(Op.GroupNorm op) {
        Tensor x = op.x();
        int height = x.dim(1);
        int channels = x.dim(3);
        int size = x.dim(2) * channels;
        float[] xs = CpuStorage.floats(x);
        float[] ys = CpuStorage.floats(op.out());
        float[] bias = CpuStorage.floats(op.bias());
        int biasAt = (int) op.bias().offset();
        float[] means = means(op);
        float[] scales = scales(op);
        workers.forEachRange(
                x.dim(0) * height,
                size,
                row -> {
                    int from = (int) x.offset() + row * size;
                    int to = (int) op.out().offset() + row * size;
                    int sample = row / height * channels;
                    for (int i = 0; i < size; i += channels) {
                        for (int c = 0; c < channels; c++) {
                            ys[to + i + c] =
                                    (xs[from + i + c] - means[sample + c]) * scales[sample + c]
                                            + bias[biasAt + c];
                        }
                    }
                    Activations.apply(op.activation(), ys, to, size);
                });
    }

    /** The mean of each channel's group, (batch, channels). */
    private static float[] means(Op.GroupNorm op) {
        return perChannel(op, 0);
    }

    /** Weight over deviation for each channel, (batch, channels). */
    private static float[] scales(Op.GroupNorm op) {
        float[] scales = perChannel(op, 1);
        float[] weight = CpuStorage.floats(op.weight());
        int weightAt = (int) op.weight().offset();
        int channels = op.x().dim(3);
        for (int i = 0; i < scales.length; i++) {
            scales[i] *= weight[weightAt + i % channels];
        }
        return scales;
    }

    private static float[] perChannel(Op.GroupNorm op, int which) {
        int channels = op.x().dim(3);
        int groups = op.statistics().dim(1);
        float[] statistics = CpuStorage.floats(op.statistics());
        int at = (int) op.statistics().offset();
        float[] result = new float[op.x().dim(0) * channels];
        for (int i = 0; i < result.length; i++) {
            int group = i / channels * groups + i % channels / (channels / groups);
            result[i] = statistics[at + 2 * group + which];
        }
        return result;
    }
}

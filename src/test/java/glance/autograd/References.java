package glance.autograd;

import glance.ops.parity.HostArray;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Forward passes in float64, by their formulas. */
final class References {
    private References() {}

    static HostArray map(HostArray x, DoubleUnaryOperator f) {
        HostArray y = HostArray.zeros(x.dims());
        for (int i = 0; i < y.values().length; i++) {
            y.values()[i] = f.applyAsDouble(x.get(i));
        }
        return y;
    }

    /** Element by element; b repeats. */
    static HostArray zip(HostArray a, HostArray b, DoubleBinaryOperator f) {
        HostArray y = HostArray.zeros(a.dims());
        for (int i = 0; i < y.values().length; i++) {
            y.values()[i] = f.applyAsDouble(a.get(i), b.get(i % b.values().length));
        }
        return y;
    }

    /** {@code x / sqrt(mean(x^2) + eps) * weight} over the last dimension. */
    static HostArray rmsNorm(HostArray x, HostArray weight, double eps) {
        int dim = x.dims()[x.dims().length - 1];
        HostArray y = HostArray.zeros(x.dims());
        for (int row = 0; row < y.values().length; row += dim) {
            double squares = 0;
            for (int d = 0; d < dim; d++) {
                squares += x.get(row + d) * x.get(row + d);
            }
            double rms = Math.sqrt(squares / dim + eps);
            for (int d = 0; d < dim; d++) {
                double w = weight == null ? 1 : weight.get(d);
                y.values()[row + d] = x.get(row + d) / rms * w;
            }
        }
        return y;
    }

    /** {@code (x - mean) / sqrt(var + eps)} over the last dimension. */
    static HostArray standardised(HostArray x, double eps) {
        int dim = x.dims()[x.dims().length - 1];
        HostArray y = HostArray.zeros(x.dims());
        for (int row = 0; row < y.values().length; row += dim) {
            double mean = 0;
            for (int d = 0; d < dim; d++) {
                mean += x.get(row + d) / dim;
            }
            double variance = 0;
            for (int d = 0; d < dim; d++) {
                variance += Math.pow(x.get(row + d) - mean, 2) / dim;
            }
            for (int d = 0; d < dim; d++) {
                y.values()[row + d] = (x.get(row + d) - mean) / Math.sqrt(variance + eps);
            }
        }
        return y;
    }

    /** The element of [batch or 1, dim] for element {@code i} of [batch, seqLen, dim]. */
    static double perSample(HostArray vector, int seqLen, int dim, int i) {
        int sample = vector.dim(0) == 1 ? 0 : i / (seqLen * dim);
        return vector.get(sample * dim + i % dim);
    }

    /**
     * Turns pair j of each head of x [batch, seqLen, numHeads, headDim] at position p by {@code
     * angles[start + p, j]}.
     */
    static HostArray rotated(HostArray x, HostArray cos, HostArray sin, int start, boolean halves) {
        int headDim = x.dim(3);
        int half = headDim / 2;
        HostArray y = HostArray.zeros(x.dims());
        for (int row = 0; row < y.values().length; row += headDim) {
            int position = start + row / headDim / x.dim(2) % x.dim(1);
            for (int j = 0; j < half; j++) {
                int first = row + (halves ? j : 2 * j);
                int second = row + (halves ? j + half : 2 * j + 1);
                double c = cos.get(position * half + j);
                double s = sin.get(position * half + j);
                y.values()[first] = x.get(first) * c - x.get(second) * s;
                y.values()[second] = x.get(first) * s + x.get(second) * c;
            }
        }
        return y;
    }

    /** Joins [batch, seqLen_i, ...] along the sequence. */
    static HostArray joined(HostArray a, HostArray b) {
        int[] dims = a.dims().clone();
        dims[1] += b.dim(1);
        HostArray y = HostArray.zeros(dims);
        int left = a.values().length / a.dim(0);
        int right = b.values().length / b.dim(0);
        for (int sample = 0; sample < a.dim(0); sample++) {
            int to = sample * (left + right);
            System.arraycopy(a.values(), sample * left, y.values(), to, left);
            System.arraycopy(b.values(), sample * right, y.values(), to + left, right);
        }
        return y;
    }
}

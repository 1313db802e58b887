package glance.backend.cpu;

import glance.op.Activation;
import glance.tensor.block.SmallFloats;
import java.util.Arrays;

/** Inner loops without the Vector API, written so that the JIT can still unroll them. */
final class PlainSimd extends Simd {
    private static final int ROWS = 4;
    private static final int COLUMNS = 16;
    private static final int LANES = 8;

    @Override
    int tileRows() {
        return ROWS;
    }

    @Override
    int tileColumns() {
        return COLUMNS;
    }

    @Override
    String description() {
        return "plain Java";
    }

    @Override
    void multiply(
            int depth, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cStride) {
        for (int i = 0; i < ROWS; i++) {
            Arrays.fill(c, cAt + i * cStride, cAt + i * cStride + COLUMNS, 0);
        }
        for (int k = 0; k < depth; k++) {
            for (int i = 0; i < ROWS; i++) {
                float x = a[aAt + k * ROWS + i];
                int row = cAt + i * cStride;
                int from = bAt + k * COLUMNS;
                for (int j = 0; j < COLUMNS; j++) {
                    c[row + j] += x * b[from + j];
                }
            }
        }
    }

    @Override
    void addTile(float[] tile, float[] c, int at, int stride) {
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < COLUMNS; j++) {
                c[at + i * stride + j] += tile[i * COLUMNS + j];
            }
        }
    }

    @Override
    void strip(float[] from, int fromAt, int stride, int rows, int width, float[] to, int at) {
        for (int i = 0; i < rows; i++) {
            System.arraycopy(from, fromAt + i * stride, to, at + i * width, width);
        }
    }

    @Override
    void widen(short[] from, int fromAt, float[] to, int at, int count) {
        for (int i = 0; i < count; i++) {
            to[at + i] = SmallFloats.bfloat(from[fromAt + i]);
        }
    }

    @Override
    int lanes() {
        return LANES;
    }

    @Override
    void dots(
            int count,
            float[] a,
            int aAt,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at) {
        for (int i = 0; i < DOT_ROWS * DOT_COLUMNS; i++) {
            int left = aAt + i / DOT_COLUMNS * aStride;
            int right = bAt + i % DOT_COLUMNS * bStride;
            int to = at + i * LANES;
            for (int k = 0; k < count; k += LANES) {
                for (int lane = 0; lane < LANES; lane++) {
                    sums[to + lane] += a[left + k + lane] * b[right + k + lane];
                }
            }
        }
    }

    @Override
    void dots(
            int count,
            short[] a,
            int aStride,
            float[] b,
            int bAt,
            int bStride,
            float[] sums,
            int at) {
        float[] widened = new float[DOT_ROWS * count];
        for (int i = 0; i < DOT_ROWS; i++) {
            widen(a, i * aStride, widened, i * count, count);
        }
        dots(count, widened, 0, count, b, bAt, bStride, sums, at);
    }

    @Override
    void softmaxBlock(float[] scores, int keys, float[] state, int stateAt) {
        for (int q = 0; q < COLUMNS; q++) {
            float max = state[stateAt + q];
            for (int k = 0; k < keys; k++) {
                max = Math.max(max, scores[k * COLUMNS + q]);
            }
            if (max == Float.NEGATIVE_INFINITY) {
                state[stateAt + 2 * COLUMNS + q] = 1;
                for (int k = 0; k < keys; k++) {
                    scores[k * COLUMNS + q] = 0;
                }
                continue;
            }
            float shrink = (float) Math.exp(state[stateAt + q] - max);
            float sum = state[stateAt + COLUMNS + q] * shrink;
            for (int k = 0; k < keys; k++) {
                float p = (float) Math.exp(scores[k * COLUMNS + q] - max);
                scores[k * COLUMNS + q] = p;
                sum += p;
            }
            state[stateAt + q] = max;
            state[stateAt + COLUMNS + q] = sum;
            state[stateAt + 2 * COLUMNS + q] = shrink;
        }
    }

    @Override
    void softmaxGradient(
            float[] scores,
            float[] gradients,
            int at,
            int rows,
            float[] lse,
            float[] rowDots,
            int rowAt) {
        for (int r = 0; r < rows; r++) {
            for (int i = at + r * COLUMNS; i < at + (r + 1) * COLUMNS; i++) {
                float p = (float) Math.exp(scores[i] - lse[rowAt + r]);
                scores[i] = p;
                gradients[i] = p * (gradients[i] - rowDots[rowAt + r]);
            }
        }
    }

    @Override
    void scaleRows(float[] x, int at, int rows, float[] factors, int factorsAt) {
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < COLUMNS; j++) {
                x[at + r * COLUMNS + j] *= factors[factorsAt + j];
            }
        }
    }

    @Override
    void rotatePairs(float[] x, int at, float[] cos, int cosAt, float[] sin, int sinAt, int count) {
        rotate(x, at, 2, 1, cos, cosAt, sin, sinAt, 0, count);
    }

    @Override
    void rotateHalves(
            float[] x, int at, float[] cos, int cosAt, float[] sin, int sinAt, int count) {
        rotate(x, at, 1, count, cos, cosAt, sin, sinAt, 0, count);
    }

    @Override
    float sum(float[] x, int at, int count) {
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            sum += x[i];
        }
        return (float) sum;
    }

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) a[aAt + i] * b[bAt + i];
        }
        return (float) sum;
    }

    @Override
    float sumSquares(float[] x, int at, int count, float mean) {
        double sum = 0;
        for (int i = at; i < at + count; i++) {
            double d = x[i] - mean;
            sum += d * d;
        }
        return (float) sum;
    }

    @Override
    void sigmoidActivation(Activation activation, float[] x, int at, int count) {
        for (int i = at; i < at + count; i++) {
            x[i] = Activations.apply(activation, x[i]);
        }
    }

    @Override
    void multiplySigmoidSlope(
            Activation activation, float[] x, int xAt, float[] y, int yAt, int count) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] *= Activations.slope(activation, x[xAt + i]);
        }
    }
}

package glance.bench;

import java.util.SplittableRandom;

/** Repeatable random inputs. */
final class Values {
    private final SplittableRandom random = new SplittableRandom(20251202);

    /** Uniform in [-bound, bound). */
    float[] uniform(int n, double bound) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextDouble(-bound, bound);
        }
        return values;
    }

    /** Uniform with variance 1. */
    float[] unit(int n) {
        return uniform(n, Math.sqrt(3));
    }

    /** A matrix [out, in] that keeps the variance of what it multiplies. */
    float[] weight(int out, int in) {
        return uniform(out * in, Math.sqrt(3.0 / in));
    }

    /** Relative error in the Euclidean norm. */
    static double relativeError(float[] got, float[] expected) {
        if (got.length != expected.length) {
            throw new IllegalStateException(
                    "results of different size: " + got.length + " and " + expected.length);
        }
        double difference = 0;
        double size = 0;
        for (int i = 0; i < got.length; i++) {
            double d = (double) got[i] - expected[i];
            difference += d * d;
            size += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / size);
    }
}

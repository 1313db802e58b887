package glance.roofline;

import glance.formula.Elements;

/** Mean and variance of some numbers. */
record Moments(double mean, double variance) {
    /** Of {@code runs} runs of {@code length} numbers, {@code stride} apart. */
    static Moments strided(Elements x, long start, long length, long stride, long runs) {
        double sum = 0;
        double squares = 0;
        for (long run = 0; run < runs; run++) {
            for (long i = 0; i < length; i++) {
                double value = x.at(start + run * stride + i);
                sum += value;
                squares += value * value;
            }
        }
        double mean = sum / (length * runs);
        return new Moments(mean, squares / (length * runs) - mean * mean);
    }

    double inverse(double eps) {
        return 1 / Math.sqrt(variance + eps);
    }
}

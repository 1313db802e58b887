package glance.bench;

import java.util.Arrays;

/** Median, least and greatest of a few samples. */
record Spread(double median, double min, double max) {
    static Spread of(double... samples) {
        double[] sorted = samples.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        return new Spread(median, sorted[0], sorted[n - 1]);
    }
}

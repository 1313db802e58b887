package glance.compare;

import java.util.Arrays;

/**
 * Mean and spread of values.
 *
 * @param mean NaN of no values
 * @param sd sample standard deviation, with n - 1; NaN of fewer than two values
 * @param count n
 */
public record Statistic(double mean, double sd, int count) {
    /** Standard error of the mean; NaN of fewer than two values. */
    public double error() {
        return sd / Math.sqrt(count);
    }

    static Statistic of(double... values) {
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        double sd = values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1));
        return new Statistic(mean, sd, values.length);
    }

    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

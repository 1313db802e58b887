package glance.backend.cpu;

/**
 * The error function to about 1e-15, by its power series near 0 and a continued fraction beyond.
 */
final class Erf {
    private static final double TWO_OVER_SQRT_PI = 1.1283791670955126;

    private Erf() {}

    static double erf(double x) {
        double a = Math.abs(x);
        if (a > 6) {
            return Math.signum(x);
        }
        if (a < 2.5) {
            // erf x = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (1 3 5 ... (2n+1)); DLMF 7.6.2
            double term = x;
            double sum = x;
            for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }
            return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
        }
        // erfc x = exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))); DLMF 7.9.1
        double fraction = a;
        for (int k = 60; k > 0; k--) {
            fraction = a + 0.5 * k / fraction;
        }
        return Math.signum(x) * (1 - 0.5 * TWO_OVER_SQRT_PI * Math.exp(-a * a) / fraction);
    }
}

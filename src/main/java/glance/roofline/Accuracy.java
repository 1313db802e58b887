package glance.roofline;

import glance.backend.Device;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How far results are from their definitions: the largest difference among sampled elements over
 * the largest expected one. The parity suite compares every element, at sizes that a float64 loop
 * can take; this is the same question at real sizes.
 *
 * @param error largest of all results
 * @param tolerance 2^-7 where tensors are BF16: four roundings of a value as large as the largest;
 *     2^-15 in F32, for sums of ten thousand products in any order
 */
public record Accuracy(double error, double tolerance) {
    private static final int SAMPLES = 64;

    /** Odd and large, so that samples fall into all parts of a tile. */
    private static final long STRIDE = 2_654_435_761L;

    /** Whether the results are right; not a number is wrong. */
    public boolean passed() {
        return error <= tolerance;
    }

    /** What a wrong result is called. */
    public String wrong() {
        return String.format(
                Locale.ROOT,
                "WRONG: differs from float64 by %.1e of the largest value, %.1e is allowed",
                error,
                tolerance);
    }

    /** Runs a call once and compares. */
    static Accuracy of(Device device, Call call) {
        List<Call.Claim> claims = call.claims().get();
        call.ops().forEach(device.kernels()::run);
        double error = 0;
        for (Call.Claim claim : claims) {
            error = Math.max(error, error(device, claim));
        }
        double tolerance = device.computeType() == DType.F32 ? 0x1p-15 : 0x1p-7;
        return new Accuracy(error, tolerance);
    }

    private static double error(Device device, Call.Claim claim) {
        long numel = claim.result().numel();
        int samples = (int) Math.min(SAMPLES, numel);
        double[] expected =
                IntStream.range(0, samples)
                        .parallel()
                        .mapToDouble(i -> claim.expected().at(index(i, samples, numel)))
                        .toArray();
        Tensor flat = claim.result().reshape(Math.toIntExact(numel));
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < samples; i++) {
            int at = (int) index(i, samples, numel);
            double got = DeviceValues.read(device, flat.narrow(0, at, 1)).at(0);
            if (Double.isNaN(got)) {
                return Double.NaN;
            }
            largest = Math.max(largest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(got - expected[i]));
        }
        return difference == 0 ? 0 : difference / largest;
    }

    /** All elements of a small result; of a large one the first, the last, and others. */
    private static long index(int sample, int samples, long numel) {
        if (samples == numel) {
            return sample;
        }
        return sample == 0 ? numel - 1 : (sample - 1) * STRIDE % numel;
    }
}

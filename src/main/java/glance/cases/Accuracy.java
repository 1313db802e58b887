package glance.cases;

import glance.backend.Device;
import glance.formula.Arithmetic;
import glance.formula.Elements;
import glance.formula.Result;
import glance.op.Op;
import glance.op.QuantizedBlocks;
import glance.op.TrainingOp;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * How far results are from their formulas in float64: the largest difference, as a share of the
 * largest expected number.
 *
 * <p>Allowed is a multiple of the largest error of a plain, sequential evaluation of the same
 * formulas in float32 (with tensors that pass between operations, and the result, in their own
 * dtype), plus {@value #ULPS} units in the last place of the largest result, for cases where the
 * plain one is exact by luck. The multiple is that of {@link glance.formula.Result}: 2, where its
 * operation does not say why it is another; values that are only moved must be equal. A device may
 * sum in any order, fuse, and approximate, but not be worse than that.
 *
 * @param worst the element that is farthest off, in words
 */
public record Accuracy(double error, double tolerance, String worst) {
    private static final double ULPS = 2;
    private static final int SAMPLES = 64;

    /** Odd and large, so that samples fall into all parts of a tile. */
    private static final long STRIDE = 2_654_435_761L;

    private static final int WHOLE = 1 << 22;

    /** Share of elements of which a formula may leave open what they are. */
    private static final double UNDECIDED = 0.01;

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

    /** Of every element of the results. */
    public static Accuracy ofAll(Device device, History history, List<Tensor> results) {
        return of(device, history, results, Long.MAX_VALUE);
    }

    /** Of some elements of each result, where it has many. */
    static Accuracy ofSamples(Device device, History history, List<Tensor> results) {
        return of(device, history, results, SAMPLES);
    }

    private static Accuracy of(Device device, History history, List<Tensor> results, long samples) {
        History.Evaluation exact = history.in(Arithmetic.exact());
        History.Evaluation plain = history.in(Arithmetic.plain(device.computeType()));
        return results.stream()
                .map(
                        tensor ->
                                of(
                                        read(device, history, tensor),
                                        exact.of(tensor),
                                        plain.of(tensor),
                                        exact.last(tensor),
                                        indices(tensor.numel(), samples)))
                .min(
                        Comparator.comparing(Accuracy::passed)
                                .thenComparing(accuracy -> -accuracy.error))
                .orElseThrow();
    }

    private static Accuracy of(
            Elements got, Elements exact, Elements plain, Result result, long[] indices) {
        DType dtype = result.tensor().dtype();
        boolean moved = result.timesPlainError() == 0;
        double[] want = at(indices, exact);
        double[] rounded = at(indices, plain);
        double largest = 0;
        double plainError = 0;
        for (int i = 0; i < want.length; i++) {
            want[i] = moved || Double.isNaN(rounded[i]) ? rounded[i] : want[i];
            if (Double.isFinite(want[i])) {
                largest = Math.max(largest, Math.abs(want[i]));
                plainError = Math.max(plainError, Math.abs(rounded[i] - want[i]));
            }
        }
        double unit = largest == 0 ? 1 : largest;
        double tolerance =
                moved ? 0 : result.timesPlainError() * plainError + ULPS * ulp(dtype, largest);
        double error = 0;
        int worst = 0;
        int undecided = 0;
        for (int i = 0; i < want.length && !Double.isNaN(error); i++) {
            if (Double.isNaN(want[i]) && ++undecided <= want.length * UNDECIDED) {
                continue;
            }
            double value = got.at(indices[i]);
            // an infinity equals itself only
            double difference = value == want[i] ? 0 : Math.abs(value - want[i]);
            if (!(difference <= error)) {
                error = difference;
                worst = i;
            }
        }
        String words =
                want.length == 0
                        ? "none"
                        : String.format(
                                Locale.ROOT,
                                "element %d of %s: expected %s within %s, got %s",
                                indices[worst],
                                result.tensor(),
                                want[worst],
                                tolerance,
                                got.at(indices[worst]));
        return new Accuracy(error / unit, tolerance / unit, words);
    }

    private static double[] at(long[] indices, Elements elements) {
        return LongStream.of(indices).parallel().mapToDouble(elements::at).toArray();
    }

    private static double ulp(DType dtype, double value) {
        double ulp = Math.ulp((float) value);
        return dtype == DType.BF16 ? ulp * 0x1p16 : ulp;
    }

    /** All elements of a small result; of a large one the first, the last, and others. */
    private static long[] indices(long numel, long samples) {
        return numel <= samples
                ? LongStream.range(0, numel).toArray()
                : LongStream.range(0, samples)
                        .map(i -> i == 0 ? numel - 1 : (i - 1) * STRIDE % numel)
                        .toArray();
    }

    /** Of codes the numbers that they stand for. */
    private static Elements read(Device device, History history, Tensor tensor) {
        if (tensor.dtype() == DType.U8) {
            return numbers(device, history.ops(), tensor);
        }
        if (tensor.numel() <= WHOLE) {
            return HostValues.read(device, tensor);
        }
        Tensor flat = tensor.reshape(Math.toIntExact(tensor.numel()));
        return i -> HostValues.read(device, flat.narrow(0, (int) i, 1)).at(0);
    }

    private static Elements numbers(Device device, List<Op> ops, Tensor codes) {
        TrainingOp.AdamW8Bit op = (TrainingOp.AdamW8Bit) ops.get(ops.size() - 1);
        int first = index(op.firstMoments(), codes);
        boolean signed = first >= 0;
        QuantizedBlocks blocks =
                signed
                        ? op.firstMoments().get(first)
                        : op.secondMoments().get(index(op.secondMoments(), codes));
        float[] values = signed ? QuantizedBlocks.signedValues() : QuantizedBlocks.unsignedValues();
        Elements code = HostValues.read(device, codes);
        Elements scale = HostValues.read(device, blocks.scales());
        return i -> (float) (values[(int) code.at(i)] * scale.at(i / QuantizedBlocks.SIZE));
    }

    private static int index(List<QuantizedBlocks> moments, Tensor codes) {
        return moments.stream().map(QuantizedBlocks::codes).toList().indexOf(codes);
    }
}

package glance.formula;

import glance.op.QuantizedBlocks;
import glance.op.TrainingOp;

/** AdamW with moments in 8 bits. */
final class QuantizedFormula {
    private static final float[] SIGNED = QuantizedBlocks.signedValues();
    private static final float[] UNSIGNED = QuantizedBlocks.unsignedValues();

    /** Of a value in the middle; some 16 roundings of its largest term. */
    private static final double CLOSE = 1e-6;

    private QuantizedFormula() {}

    /** Of parameter {@code i} of the operation, on the numbers that the codes stand for. */
    static AdamWFormula adamW(TrainingOp.AdamW8Bit op, int i, Values of) {
        return new AdamWFormula(
                op.settings(),
                op.clip(),
                op.learningRate(),
                op.step(),
                of.of(op.parameters().get(i)),
                of.of(op.gradients().get(i)),
                numbers(op.firstMoments().get(i), SIGNED, of),
                numbers(op.secondMoments().get(i), UNSIGNED, of));
    }

    private static Elements numbers(QuantizedBlocks blocks, float[] values, Values of) {
        Elements codes = of.of(blocks.codes());
        Elements scales = of.of(blocks.scales());
        return i -> (float) (values[(int) codes.at(i)] * scales.at(i / QuantizedBlocks.SIZE));
    }

    /**
     * Each number replaced by the nearest of its block's, found by trying all; not a number where
     * it lies so near the middle of two that rounding decides.
     */
    static Formula nearest(Formula numbers, long count, boolean signed) {
        return m -> {
            Elements x = numbers.in(m);
            Shared<Double> scales =
                    new Shared<>(
                            block -> {
                                long end = Math.min(count, (block + 1) * QuantizedBlocks.SIZE);
                                double scale = 0;
                                for (long i = block * QuantizedBlocks.SIZE; i < end; i++) {
                                    scale = Math.max(scale, Math.abs(x.at(i)));
                                }
                                return scale;
                            });
            return i -> {
                double scale = scales.at(i / QuantizedBlocks.SIZE);
                return m.of(nearest(x.at(i) / scale, signed) * scale);
            };
        };
    }

    private static double nearest(double x, boolean signed) {
        double best = Double.POSITIVE_INFINITY;
        double next = Double.POSITIVE_INFINITY;
        for (float value : signed ? SIGNED : UNSIGNED) {
            boolean allowed = signed || value > 0;
            if (allowed && Math.abs(value - x) <= Math.abs(best - x)) {
                next = best;
                best = value;
            } else if (allowed && Math.abs(value - x) < Math.abs(next - x)) {
                next = value;
            }
        }
        boolean undecided =
                Math.abs(next - x) - Math.abs(best - x)
                        < CLOSE * (signed ? Math.max(Math.abs(x), 0.3) : x);
        return undecided ? Double.NaN : best;
    }
}

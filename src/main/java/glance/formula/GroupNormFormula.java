package glance.formula;

import glance.op.Op;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** GroupNorm in two operations: what each group of channels is like, then the norm. */
final class GroupNormFormula {
    private GroupNormFormula() {}

    /** Mean and {@code 1 / sqrt(var + eps)} of each group, [batch, groups, 2]. */
    static Formula statistics(Op.GroupStatistics op, Values of) {
        List<Elements> parts = op.parts().stream().map(of::of).toList();
        return m -> {
            Shared<double[]> groups = new Shared<>(group -> moments(m, op, parts, group));
            return i -> groups.at(i / 2)[(int) (i % 2)];
        };
    }

    private static double[] moments(
            Arithmetic m, Op.GroupStatistics op, List<Elements> parts, long group) {
        List<Strip> strips = new ArrayList<>();
        for (int p = 0; p < parts.size(); p++) {
            strips.add(Strip.of(op.parts().get(p), parts.get(p), op.out().dim(1), group));
        }
        double count = 0;
        double sum = 0;
        for (Strip strip : strips) {
            count += (double) strip.height * strip.width * strip.size;
            sum = strip.add(m, sum, x -> x);
        }
        double mean = m.of(sum / count);
        double squares = 0;
        for (Strip strip : strips) {
            squares = strip.add(m, squares, x -> m.of(Math.pow(m.of(x - mean), 2)));
        }
        double deviation = m.of(Math.sqrt(m.of(m.of(squares / count) + op.eps())));
        return new double[] {mean, m.of(1 / deviation)};
    }

    /** A group in a part of the picture: some {@code size} channels of each pixel. */
    private record Strip(Elements x, long start, int height, int width, int channels, int size) {
        static Strip of(Tensor part, Elements x, int groups, long group) {
            int channels = part.dim(3);
            int size = channels / groups;
            long pixels = (long) part.dim(1) * part.dim(2);
            long start = group / groups * pixels * channels + group % groups * size;
            return new Strip(x, start, part.dim(1), part.dim(2), channels, size);
        }

        /** Row by row: in float32 millions of numbers are not added to one sum. */
        double add(Arithmetic m, double sum, DoubleUnaryOperator term) {
            double total = sum;
            for (int row = 0; row < height; row++) {
                double own = 0;
                for (int i = 0; i < width * size; i++) {
                    long pixel = (long) row * width + i / size;
                    double value = x.at(start + pixel * channels + i % size);
                    own = m.of(own + term.applyAsDouble(value));
                }
                total = m.of(total + own);
            }
            return total;
        }
    }

    /** {@code act((x - mean) * inverse * weight + bias)}. */
    static Formula norm(Op.GroupNorm op, Values of) {
        Elements x = of.of(op.x());
        Elements statistics = of.of(op.statistics());
        Elements weight = of.of(op.weight());
        Elements bias = of.of(op.bias());
        int channels = op.x().dim(3);
        int groups = op.statistics().dim(1);
        long sample = (long) op.x().dim(1) * op.x().dim(2) * channels;
        return m ->
                i -> {
                    long c = i % channels;
                    long group = 2 * (i / sample * groups + c / (channels / groups));
                    double normed =
                            m.of(m.of(x.at(i) - statistics.at(group)) * statistics.at(group + 1));
                    double scaled = m.of(m.of(normed * weight.at(c)) + bias.at(c));
                    return Activations64.apply(m, op.activation(), scaled);
                };
    }
}

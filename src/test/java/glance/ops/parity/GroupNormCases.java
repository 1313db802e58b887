package glance.ops.parity;

import glance.formula.Activations64;
import glance.formula.Arithmetic;
import glance.op.Activation;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#groupStatistics} and {@link Ops#groupNorm}. */
final class GroupNormCases {
    private static final float EPS = 1e-6f;

    private GroupNormCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int perGroup : new int[] {1, 2, 7, 16}) {
            cases.add(statistics(3, 0, 2, 4, 5, 3 * perGroup));
            cases.add(norm(3, Activation.NONE, 2, 4, 5, 3 * perGroup));
        }
        cases.add(statistics(1, 0, 1, 1, 2, 5));
        cases.add(statistics(8, 0, 1, 3, 3, 8));
        cases.add(statistics(2, 50, 1, 7, 11, 6));
        for (Activation activation : Activation.values()) {
            cases.add(norm(2, activation, 1, 3, 5, 34));
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(statistics(4, 0, 2, 31, 37, 64), norm(4, Activation.SILU, 2, 31, 37, 64));
    }

    /** The first row is a strip of its own; a part of a wider picture is read. */
    private static OpCase statistics(
            int groups, double mean, int batch, int height, int width, int channels) {
        int[] dims = {batch, height, width + 1, channels};
        return new OpCase(
                "groupStatistics " + Arrays.toString(dims) + " groups " + groups + " at " + mean,
                inputs -> {
                    Operand noise = inputs.activation(dims);
                    double[] moved =
                            Arrays.stream(noise.host().values()).map(v -> v + mean).toArray();
                    Operand all =
                            inputs.upload(inputs.ops().computeType(), new HostArray(dims, moved));
                    Operand x = all.narrow(2, 1, width);
                    int rest = height - 1;
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .groupStatistics(
                                                    rest == 0
                                                            ? List.of(x.tensor())
                                                            : List.of(
                                                                    x.narrow(1, 0, 1).tensor(),
                                                                    x.narrow(1, 1, rest).tensor()),
                                                    groups,
                                                    EPS),
                            m -> statistics(m, x.host(), groups));
                });
    }

    private static HostArray statistics(Arithmetic m, HostArray x, int groups) {
        int batch = x.dim(0);
        int pixels = x.dim(1) * x.dim(2);
        int perGroup = x.dim(3) / groups;
        HostArray result = HostArray.zeros(batch, groups, 2);
        HostArray grouped = x.reshape(batch, pixels, groups, perGroup).permute(0, 2, 1, 3);
        int size = pixels * perGroup;
        for (int g = 0; g < batch * groups; g++) {
            double sum = 0;
            for (int i = 0; i < size; i++) {
                sum = m.of(sum + grouped.get(g * size + i));
            }
            double mean = m.of(sum / size);
            double squares = 0;
            for (int i = 0; i < size; i++) {
                double centred = m.of(grouped.get(g * size + i) - mean);
                squares = m.mulAdd(squares, centred, centred);
            }
            result.values()[2 * g] = mean;
            double deviation = m.of(Math.sqrt(m.of(m.of(squares / size) + EPS)));
            result.values()[2 * g + 1] = m.of(1 / deviation);
        }
        return result;
    }

    private static OpCase norm(int groups, Activation activation, int... dims) {
        return new OpCase(
                "groupNorm " + Arrays.toString(dims) + " groups " + groups + " " + activation,
                inputs -> {
                    Operand x = inputs.activation(dims);
                    Operand statistics =
                            inputs.upload(DType.F32, spread(inputs.floats(dims[0], groups, 2)));
                    Operand weight = inputs.floats(dims[3]);
                    Operand bias = inputs.floats(dims[3]);
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .groupNorm(
                                                    x.tensor(),
                                                    statistics.tensor(),
                                                    weight.tensor(),
                                                    bias.tensor(),
                                                    activation),
                            m ->
                                    norm(
                                            m,
                                            x.host(),
                                            statistics.host(),
                                            weight.host(),
                                            bias.host(),
                                            activation));
                });
    }

    /** Means as drawn; inverse deviations near 1. */
    private static HostArray spread(Operand drawn) {
        double[] values = drawn.host().values().clone();
        for (int i = 1; i < values.length; i += 2) {
            values[i] = Math.exp(values[i] / 4);
        }
        return new HostArray(drawn.host().dims(), values);
    }

    private static HostArray norm(
            Arithmetic m,
            HostArray x,
            HostArray statistics,
            HostArray weight,
            HostArray bias,
            Activation activation) {
        int channels = x.dim(3);
        int groups = statistics.dim(1);
        int sample = x.dim(1) * x.dim(2) * channels;
        HostArray y = HostArray.zeros(x.dims());
        for (int i = 0; i < y.values().length; i++) {
            int c = i % channels;
            int group = 2 * (i / sample * groups + c / (channels / groups));
            double normed =
                    m.of(m.of(x.get(i) - statistics.get(group)) * statistics.get(group + 1));
            double scaled = m.of(m.of(normed * weight.get(c)) + bias.get(c));
            y.values()[i] = Activations64.apply(m, activation, scaled);
        }
        return y;
    }
}

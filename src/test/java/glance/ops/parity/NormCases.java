package glance.ops.parity;

import glance.op.Activation;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** {@link Ops#rmsNorm}, {@link Ops#layerNorm} and {@link Ops#layerNormModulate}. */
final class NormCases {
    private static final float EPS = 1e-6f;

    private NormCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        // whole runs for a part of the lanes, for all, and for all more than once
        for (int dim : new int[] {40, 96, 264, 520}) {
            cases.add(rms(Activation.NONE, true, 2, 3, dim));
            cases.add(modulate(2, 2, 3, dim));
        }
        for (int dim : Sizes.edges()) {
            cases.add(rms(Activation.NONE, true, 2, 3, dim));
            cases.add(layer(true, true, 0, 2, 3, dim));
            cases.add(modulate(2, 2, 3, dim));
        }
        for (Activation activation : Activation.values()) {
            cases.add(rms(activation, true, 2, 5, 33));
        }
        cases.add(rms(Activation.SILU, false, 1, 4, 3, 17));
        cases.add(rms(Activation.NONE, true, 113));
        cases.add(layer(false, false, 0, 2, 7, 31));
        cases.add(layer(true, false, 0, 7, 31));
        cases.add(layer(false, true, 0, 2, 2, 3, 31));
        cases.add(layer(true, true, 50, 2, 7, 203));
        cases.add(modulate(1, 3, 5, 65));
        cases.add(stridedLayer());
        cases.add(stridedRms());
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(
                rms(Activation.SILU, true, 3, 113, 203),
                layer(true, true, 0, 3, 113, 203),
                modulate(3, 3, 113, 203));
    }

    private static OpCase rms(Activation activation, boolean weighted, int... dims) {
        return new OpCase(
                "rmsNorm " + Arrays.toString(dims) + " " + activation + " weight " + weighted,
                inputs -> {
                    Operand x = inputs.activation(dims);
                    Operand weight = weighted ? inputs.floats(dims[dims.length - 1]) : null;
                    return rms(inputs, x, weight, activation);
                });
    }

    private static OpCase stridedRms() {
        return new OpCase(
                "rmsNorm of a part of [2, 9, 40]",
                inputs -> {
                    Operand x = inputs.activation(2, 9, 40).narrow(1, 2, 5).narrow(2, 3, 33);
                    return rms(inputs, x, inputs.floats(33), Activation.NONE);
                });
    }

    private static Trial rms(Inputs inputs, Operand x, Operand weight, Activation activation) {
        double[] w = weight == null ? null : weight.host().values();
        return Trial.of(
                () -> inputs.ops().rmsNorm(x.tensor(), Operand.tensorOf(weight), EPS, activation),
                m ->
                        perRow(
                                x.host(),
                                row -> {
                                    double[] y = rmsNorm(m, row, w, EPS);
                                    Arrays.setAll(y, i -> Activations64.apply(m, activation, y[i]));
                                    return y;
                                }));
    }

    private static OpCase layer(boolean weighted, boolean biased, double mean, int... dims) {
        return new OpCase(
                String.format(
                        "layerNorm %s weight %s bias %s around %s",
                        Arrays.toString(dims), weighted, biased, mean),
                inputs -> {
                    Operand noise = inputs.activation(dims);
                    Operand x =
                            inputs.upload(
                                    inputs.ops().computeType(),
                                    new HostArray(
                                            dims,
                                            Arrays.stream(noise.host().values())
                                                    .map(value -> value + mean)
                                                    .toArray()));
                    int dim = dims[dims.length - 1];
                    Operand weight = weighted ? inputs.floats(dim) : null;
                    Operand bias = biased ? inputs.floats(dim) : null;
                    return layer(inputs, x, weight, bias);
                });
    }

    private static OpCase stridedLayer() {
        return new OpCase(
                "layerNorm of a part of [2, 9, 40]",
                inputs -> {
                    Operand x = inputs.activation(2, 9, 40).narrow(1, 2, 5).narrow(2, 3, 33);
                    return layer(inputs, x, inputs.floats(33), inputs.floats(33));
                });
    }

    private static Trial layer(Inputs inputs, Operand x, Operand weight, Operand bias) {
        return Trial.of(
                () ->
                        inputs.ops()
                                .layerNorm(
                                        x.tensor(),
                                        Operand.tensorOf(weight),
                                        Operand.tensorOf(bias),
                                        EPS),
                m ->
                        perRow(
                                x.host(),
                                row -> {
                                    double[] y = standardise(m, row);
                                    for (int i = 0; i < y.length; i++) {
                                        if (weight != null) {
                                            y[i] = m.of(y[i] * weight.host().get(i));
                                        }
                                        if (bias != null) {
                                            y[i] = m.of(y[i] + bias.host().get(i));
                                        }
                                    }
                                    return y;
                                }));
    }

    /** Scale and shift are slices of a wider tensor, as a modulation gives them. */
    private static OpCase modulate(int samples, int batch, int seqLen, int dim) {
        return new OpCase(
                String.format(
                        "layerNormModulate [%d, %d, %d] scale [%d]", batch, seqLen, dim, samples),
                inputs -> {
                    Operand x = inputs.activation(batch, seqLen + 2, dim).narrow(1, 2, seqLen);
                    Operand all = inputs.activation(samples, 6 * dim);
                    Operand shift = all.narrow(1, 3 * dim, dim);
                    Operand scale = all.narrow(1, 4 * dim, dim);
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .layerNormModulate(
                                                    x.tensor(),
                                                    scale.tensor(),
                                                    shift.tensor(),
                                                    EPS),
                            m -> modulated(m, x.host(), scale.host(), shift.host()));
                });
    }

    private static HostArray modulated(
            Arithmetic m, HostArray x, HostArray scale, HostArray shift) {
        int dim = x.dim(2);
        HostArray y = perRow(x, row -> standardise(m, row));
        for (int i = 0; i < y.values().length; i++) {
            int sample = scale.dim(0) == 1 ? 0 : i / dim / x.dim(1);
            int at = sample * dim + i % dim;
            y.values()[i] = m.mulAdd(shift.get(at), y.get(i), m.of(1 + scale.get(at)));
        }
        return y;
    }

    /** {@code x / sqrt(mean(x^2) + eps) * weight}. */
    static double[] rmsNorm(Arithmetic m, double[] x, double[] weight, double eps) {
        double sum = 0;
        for (double value : x) {
            sum = m.mulAdd(sum, value, value);
        }
        double rms = m.of(Math.sqrt(m.of(m.of(sum / x.length) + eps)));
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = m.of(x[i] / rms);
            if (weight != null) {
                y[i] = m.of(y[i] * weight[i]);
            }
        }
        return y;
    }

    private static double[] standardise(Arithmetic m, double[] x) {
        double sum = 0;
        for (double value : x) {
            sum = m.of(sum + value);
        }
        double mean = m.of(sum / x.length);
        double squares = 0;
        for (double value : x) {
            squares = m.mulAdd(squares, m.of(value - mean), m.of(value - mean));
        }
        double deviation = m.of(Math.sqrt(m.of(m.of(squares / x.length) + EPS)));
        return Arrays.stream(x).map(value -> m.of(m.of(value - mean) / deviation)).toArray();
    }

    private static HostArray perRow(HostArray x, UnaryOperator<double[]> function) {
        int dim = x.dim(x.dims().length - 1);
        HostArray y = HostArray.zeros(x.dims());
        for (int at = 0; at < x.values().length; at += dim) {
            double[] row = function.apply(Arrays.copyOfRange(x.values(), at, at + dim));
            System.arraycopy(row, 0, y.values(), at, dim);
        }
        return y;
    }
}

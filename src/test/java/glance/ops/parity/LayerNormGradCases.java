package glance.ops.parity;

import glance.formula.Arithmetic;
import glance.op.Op;
import glance.ops.TrainingOps;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#layerNorm}: each of its gradients is a case of its own. */
final class LayerNormGradCases {
    private static final float EPS = 1e-6f;

    /** A norm with affine weights, or one with a modulation for each of so many samples. */
    private record Spec(int batch, int seqLen, int dim, boolean weighted, int samples) {
        boolean modulated() {
            return samples > 0;
        }

        OpCase toCase(String result) {
            return new OpCase(
                    String.format(
                            "layerNorm gradient of %s [%d, %d, %d] weight %s modulation [%d]",
                            result, batch, seqLen, dim, weighted, samples),
                    inputs -> trial(inputs, this, result));
        }
    }

    private LayerNormGradCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int dim : Sizes.edges()) {
            for (String result : List.of("x", "scale", "shift")) {
                cases.add(new Spec(2, 3, dim, false, 2).toCase(result));
            }
            cases.add(new Spec(2, 3, dim, true, 0).toCase("x"));
        }
        for (String result : List.of("x", "scale", "shift")) {
            cases.add(new Spec(3, 113, 33, false, 1).toCase(result));
        }
        cases.add(new Spec(1, 5, 31, false, 0).toCase("x"));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of("x", "scale", "shift").map(new Spec(1, 331, 203, false, 1)::toCase);
    }

    private static Trial trial(Inputs inputs, Spec spec, String result) {
        int dim = spec.dim;
        Operand x = inputs.activation(spec.batch, spec.seqLen + 2, dim).narrow(1, 2, spec.seqLen);
        Operand dy = inputs.activation(spec.batch, spec.seqLen, dim);
        Operand weight = spec.weighted ? inputs.floats(dim) : null;
        Operand bias = spec.weighted ? inputs.floats(dim) : null;
        Operand vectors = spec.modulated() ? inputs.activation(spec.samples, 6 * dim) : null;
        Operand scale = spec.modulated() ? vectors.narrow(1, 4 * dim, dim) : null;
        Operand shift = spec.modulated() ? vectors.narrow(1, 3 * dim, dim) : null;
        Op.LayerNorm forward =
                new Op.LayerNorm(
                        x.tensor(),
                        Operand.tensorOf(weight),
                        Operand.tensorOf(bias),
                        Operand.tensorOf(scale),
                        Operand.tensorOf(shift),
                        EPS,
                        x.tensor());
        return Trial.of(
                () -> {
                    TrainingOps.LayerNormGradients gradients =
                            inputs.ops()
                                    .training()
                                    .layerNorm(forward, dy.tensor(), !result.equals("x"));
                    return switch (result) {
                        case "x" -> gradients.x();
                        case "scale" -> gradients.scale();
                        default -> gradients.shift();
                    };
                },
                m ->
                        result.equals("x")
                                ? input(m, x.host(), weight, scale, dy.host())
                                : sums(m, result, x.host(), dy.host(), spec.samples));
    }

    /** {@code (g - mean(g) - n mean(g n)) / std} with {@code g = dy [weight] [(1 + scale)]}. */
    private static HostArray input(
            Arithmetic m, HostArray x, Operand weight, Operand scale, HostArray dy) {
        int dim = x.dim(2);
        HostArray dx = HostArray.zeros(x.dims());
        for (int at = 0; at < dx.values().length; at += dim) {
            Normed normed = normed(m, x, at);
            double[] g = new double[dim];
            double sum = 0;
            double dot = 0;
            for (int d = 0; d < dim; d++) {
                g[d] = dy.get(at + d);
                if (weight != null) {
                    g[d] = m.of(g[d] * weight.host().get(d));
                }
                if (scale != null) {
                    int sample = scale.host().dim(0) == 1 ? 0 : at / dim / x.dim(1);
                    g[d] = m.of(g[d] * m.of(1 + scale.host().get(sample * dim + d)));
                }
                sum = m.of(sum + g[d]);
                dot = m.mulAdd(dot, g[d], normed.values[d]);
            }
            double mean = m.of(sum / dim);
            double along = m.of(dot / dim);
            for (int d = 0; d < dim; d++) {
                double across = m.of(m.of(g[d] - mean) - m.of(normed.values[d] * along));
                dx.values()[at + d] = m.of(across / normed.deviation);
            }
        }
        return dx;
    }

    /** Sums over the tokens of {@code dy n} (scale) or of {@code dy} (shift). */
    private static HostArray sums(
            Arithmetic m, String result, HostArray x, HostArray dy, int samples) {
        int dim = x.dim(2);
        HostArray sums = HostArray.zeros(samples, dim);
        for (int at = 0; at < dy.values().length; at += dim) {
            double[] factor = normed(m, x, at).values;
            int sample = samples == 1 ? 0 : at / dim / x.dim(1);
            for (int d = 0; d < dim; d++) {
                double n = result.equals("scale") ? factor[d] : 1;
                int to = sample * dim + d;
                sums.values()[to] = m.mulAdd(sums.get(to), dy.get(at + d), n);
            }
        }
        return sums;
    }

    private record Normed(double[] values, double deviation) {}

    private static Normed normed(Arithmetic m, HostArray x, int at) {
        int dim = x.dim(2);
        double sum = 0;
        for (int d = 0; d < dim; d++) {
            sum = m.of(sum + x.get(at + d));
        }
        double mean = m.of(sum / dim);
        double squares = 0;
        double[] values = new double[dim];
        for (int d = 0; d < dim; d++) {
            values[d] = m.of(x.get(at + d) - mean);
            squares = m.mulAdd(squares, values[d], values[d]);
        }
        double deviation = m.of(Math.sqrt(m.of(m.of(squares / dim) + EPS)));
        for (int d = 0; d < dim; d++) {
            values[d] = m.of(values[d] / deviation);
        }
        return new Normed(values, deviation);
    }
}

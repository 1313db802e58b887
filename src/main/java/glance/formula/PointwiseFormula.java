package glance.formula;

import glance.op.Op;

/** Passes over the elements of arguments. */
final class PointwiseFormula {
    private PointwiseFormula() {}

    /** {@code act(x)}. */
    static Formula unary(Op.Unary op, Values of) {
        Elements x = of.of(op.x());
        return m -> i -> Activations64.apply(m, op.activation(), x.at(i));
    }

    /** {@code act(gate) * up}. */
    static Formula gated(Op.GatedActivation op, Values of) {
        Elements gate = of.of(op.gate());
        Elements up = of.of(op.up());
        return m -> i -> m.of(Activations64.apply(m, op.activation(), gate.at(i)) * up.at(i));
    }

    /** {@code a + b} or {@code a * b}; b repeats. */
    static Formula binary(Op.Binary op, Values of) {
        boolean product = op.kind() == Op.Binary.Kind.MUL;
        long period = op.b().numel();
        Elements a = of.of(op.a());
        Elements b = of.of(op.b());
        return m ->
                i -> {
                    double x = a.at(i);
                    double y = b.at(i % period);
                    return m.of(product ? x * y : x + y);
                };
    }

    /** {@code residual + gate * y}. */
    static Formula gateResidual(Op.GateResidual op, Values of) {
        int dim = op.y().dim(2);
        Elements residual = of.of(op.residual());
        Elements gate = of.of(op.gate());
        Elements y = of.of(op.y());
        long perGate = op.gate().dim(0) == 1 ? Long.MAX_VALUE : (long) op.y().dim(1) * dim;
        return m -> i -> m.mulAdd(residual.at(i), gate.at(i / perGate * dim + i % dim), y.at(i));
    }

    /** Euler's step along the guided velocity, whose length is kept or limited if asked. */
    static Formula guidedEuler(Op.GuidedEuler op, Values of) {
        int channels = op.latents().dim(2);
        Elements x = of.of(op.latents());
        Elements v = of.of(op.velocity());
        Elements n = of.optional(op.negative());
        long elements = (long) op.latents().dim(1) * channels;
        if (n != null && op.limit() > 0) {
            return m -> {
                Shared<double[]> samples =
                        new Shared<>(
                                sample ->
                                        limited(
                                                m,
                                                op,
                                                v.slice(sample * elements, 1, (int) elements),
                                                n.slice(sample * elements, 1, (int) elements)));
                return i ->
                        m.mulAdd(x.at(i), op.dt(), samples.at(i / elements)[(int) (i % elements)]);
            };
        }
        return m -> {
            Shared<double[]> tokens =
                    new Shared<>(
                            token ->
                                    velocity(
                                            m,
                                            op,
                                            v.slice(token * channels, 1, channels),
                                            n == null
                                                    ? null
                                                    : n.slice(token * channels, 1, channels)));
            return i -> m.mulAdd(x.at(i), op.dt(), tokens.at(i / channels)[(int) (i % channels)]);
        };
    }

    private static double[] velocity(Arithmetic m, Op.GuidedEuler op, double[] v, double[] n) {
        if (n == null) {
            return v;
        }
        double[] guided = guided(m, op, v, n);
        double length = length(m, guided);
        boolean rescales = op.rescale() && length > 0;
        return scaled(m, guided, rescales ? m.of(length(m, v) / length) : 1);
    }

    /** The guided velocity of a sample, at most so long. */
    private static double[] limited(Arithmetic m, Op.GuidedEuler op, double[] v, double[] n) {
        double[] guided = guided(m, op, v, n);
        double length = length(m, guided);
        double longest = m.of(op.limit() * length(m, v));
        return scaled(m, guided, length > longest ? m.of(longest / length) : 1);
    }

    private static double[] guided(Arithmetic m, Op.GuidedEuler op, double[] v, double[] n) {
        double[] guided = new double[v.length];
        for (int c = 0; c < v.length; c++) {
            guided[c] = m.mulAdd(n[c], op.guidance(), m.of(v[c] - n[c]));
        }
        return guided;
    }

    private static double length(Arithmetic m, double[] x) {
        return m.of(Math.sqrt(m.dot(0, x, x)));
    }

    private static double[] scaled(Arithmetic m, double[] x, double factor) {
        double[] y = new double[x.length];
        for (int c = 0; c < x.length; c++) {
            y[c] = m.of(x[c] * factor);
        }
        return y;
    }
}

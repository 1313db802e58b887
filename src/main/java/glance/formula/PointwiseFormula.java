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

    /** Euler's step along the guided velocity, rescaled to the length of the plain one if asked. */
    static Formula guidedEuler(Op.GuidedEuler op, Values of) {
        int channels = op.latents().dim(2);
        Elements x = of.of(op.latents());
        Elements v = of.of(op.velocity());
        Elements n = of.optional(op.negative());
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
        double[] guided = new double[v.length];
        for (int c = 0; c < v.length; c++) {
            guided[c] = m.mulAdd(n[c], op.guidance(), m.of(v[c] - n[c]));
        }
        double length = m.of(Math.sqrt(m.dot(0, guided, guided)));
        boolean rescales = op.rescale() && length > 0;
        double factor = rescales ? m.of(m.of(Math.sqrt(m.dot(0, v, v))) / length) : 1;
        for (int c = 0; c < v.length; c++) {
            guided[c] = m.of(guided[c] * factor);
        }
        return guided;
    }
}

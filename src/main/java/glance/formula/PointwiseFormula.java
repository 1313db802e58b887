package glance.formula;

import glance.op.Op;

/** Passes over the elements of arguments. */
public final class PointwiseFormula {
    private PointwiseFormula() {}

    /** {@code act(x)}. */
    public static Formula unary(Op.Unary op, Values of) {
        Elements x = of.of(op.x());
        return m -> i -> Activations64.apply(m, op.activation(), x.at(i));
    }

    /** {@code residual + gate * y}. */
    public static Formula gateResidual(Op.GateResidual op, Values of) {
        int dim = op.y().dim(2);
        Elements residual = of.of(op.residual());
        Elements gate = of.of(op.gate());
        Elements y = of.of(op.y());
        long perGate = op.gate().dim(0) == 1 ? Long.MAX_VALUE : (long) op.y().dim(1) * dim;
        return m -> i -> m.mulAdd(residual.at(i), gate.at(i / perGate * dim + i % dim), y.at(i));
    }

    /** Euler's step along the guided velocity, rescaled to the length of the plain one if asked. */
    public static Formula guidedEuler(Op.GuidedEuler op, Values of) {
        int channels = op.latents().dim(2);
        Elements x = of.of(op.latents());
        return m -> {
            Shared<double[]> tokens = new Shared<>(token -> velocity(m, op, of, token * channels));
            return i -> m.mulAdd(x.at(i), op.dt(), tokens.at(i / channels)[(int) (i % channels)]);
        };
    }

    private static double[] velocity(Arithmetic m, Op.GuidedEuler op, Values of, long start) {
        int channels = op.latents().dim(2);
        double[] v = of.of(op.velocity()).slice(start, 1, channels);
        if (op.negative() == null) {
            return v;
        }
        double[] n = of.of(op.negative()).slice(start, 1, channels);
        double[] guided = new double[channels];
        for (int c = 0; c < channels; c++) {
            guided[c] = m.mulAdd(n[c], op.guidance(), m.of(v[c] - n[c]));
        }
        double length = m.of(Math.sqrt(m.dot(0, guided, guided)));
        boolean rescales = op.rescale() && length > 0;
        double factor = rescales ? m.of(m.of(Math.sqrt(m.dot(0, v, v))) / length) : 1;
        for (int c = 0; c < channels; c++) {
            guided[c] = m.of(guided[c] * factor);
        }
        return guided;
    }
}

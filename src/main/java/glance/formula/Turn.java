package glance.formula;

import glance.op.Rope;

/** Rotary positions. */
record Turn(Elements cos, Elements sin, boolean halves) {
    static Turn of(Rope rope, Values of) {
        return new Turn(
                of.of(rope.cos()), of.of(rope.sin()), rope.pairing() == Rope.Pairing.HALVES);
    }

    /** A head turned to its position. */
    double[] forth(Arithmetic m, double[] x, long position) {
        return turned(m, x, position, 1);
    }

    /** The reverse, which is also the gradient. */
    double[] back(Arithmetic m, double[] x, long position) {
        return turned(m, x, position, -1);
    }

    private double[] turned(Arithmetic m, double[] x, long position, int sign) {
        int half = x.length / 2;
        double[] y = new double[x.length];
        for (int j = 0; j < half; j++) {
            int first = halves ? j : 2 * j;
            int second = halves ? j + half : 2 * j + 1;
            double c = cos.at(position * half + j);
            double s = sign * sin.at(position * half + j);
            y[first] = m.of(m.of(x[first] * c) - m.of(x[second] * s));
            y[second] = m.of(m.of(x[first] * s) + m.of(x[second] * c));
        }
        return y;
    }
}

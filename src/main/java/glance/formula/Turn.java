package glance.formula;

import glance.op.Rope;

/** Rotary positions. */
record Turn(Rope rope, Elements cos, Elements sin) {
    static Turn of(Rope rope, Values of) {
        return new Turn(rope, of.of(rope.cos()), of.of(rope.sin()));
    }

    /** A head turned to its position. */
    double[] forth(Arithmetic m, double[] x, long sample, long position) {
        return turned(m, x, rope.row(sample, position), 1);
    }

    /** The reverse, which is also the gradient. */
    double[] back(Arithmetic m, double[] x, long sample, long position) {
        return turned(m, x, rope.row(sample, position), -1);
    }

    private double[] turned(Arithmetic m, double[] x, long row, int sign) {
        boolean halves = rope.pairing() == Rope.Pairing.HALVES;
        int half = x.length / 2;
        double[] y = new double[x.length];
        for (int j = 0; j < half; j++) {
            int first = halves ? j : 2 * j;
            int second = halves ? j + half : 2 * j + 1;
            double c = cos.at(row * half + j);
            double s = sign * sin.at(row * half + j);
            y[first] = m.of(m.of(x[first] * c) - m.of(x[second] * s));
            y[second] = m.of(m.of(x[first] * s) + m.of(x[second] * c));
        }
        return y;
    }
}

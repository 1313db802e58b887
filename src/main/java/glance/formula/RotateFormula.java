package glance.formula;

import glance.op.Op;

/** Rows times a Hadamard matrix for each group of columns, and times their scales. */
final class RotateFormula {
    private RotateFormula() {}

    static Formula of(Op.Rotate op, Values of) {
        int dim = op.out().dim(-1);
        int group = op.group();
        Elements x = of.of(op.x());
        Elements scales = of.optional(op.scales());
        return m ->
                i -> {
                    int column = (int) (i % group);
                    double[] signs = new double[group];
                    for (int j = 0; j < group; j++) {
                        signs[j] = sign(j, column);
                    }
                    double sum = m.dot(0, x.slice(i - column, 1, group), signs);
                    double turned = m.of(sum / Math.sqrt(group));
                    return scales == null ? turned : m.of(scales.at(i / dim) * turned);
                };
    }

    /** Each pair of digits to the base 4 that add up to 3 turns the sign. */
    private static int sign(int row, int column) {
        int sign = 1;
        for (int i = row, j = column; i + j > 0; i /= 4, j /= 4) {
            sign = i % 4 + j % 4 == 3 ? -sign : sign;
        }
        return sign;
    }
}

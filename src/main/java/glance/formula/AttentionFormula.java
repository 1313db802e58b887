package glance.formula;

import glance.op.Op;

/**
 * {@code softmax(scale q k^T + mask) v}; q [batch, seqLen, numHeads, headDim], k and v [batch,
 * keyLen, numKvHeads, headDim]. A row is a query of a head; rows are numbered as in [batch,
 * numHeads, seqLen].
 *
 * @param prefix number of leading keys of which only {@code lengths} [batch] are real
 * @param lengths null when prefix is 0
 * @param bias [numHeads, seqLen, keyLen], or null
 */
record AttentionFormula(
        int seqLen,
        int numHeads,
        int keyLen,
        int numKvHeads,
        int headDim,
        Elements q,
        Elements k,
        Elements v,
        double scale,
        boolean causal,
        int prefix,
        Elements lengths,
        Elements bias)
        implements Formula {
    /** What the operation writes. */
    static AttentionFormula of(Op.Attention op, Values of) {
        return new AttentionFormula(
                op.q().dim(1),
                op.q().dim(2),
                op.k().dim(1),
                op.k().dim(2),
                op.q().dim(3),
                of.of(op.q()),
                of.of(op.k()),
                of.of(op.v()),
                op.scale(),
                op.mask().causal(),
                op.mask().prefix(),
                of.optional(op.mask().lengths()),
                of.optional(op.mask().bias()));
    }

    /**
     * The weights of all keys for one row.
     *
     * @param p null if no key is visible
     */
    private record Softmax(double[] p, double total, double logSumExp) {}

    @Override
    public Elements in(Arithmetic m) {
        Shared<Softmax> rows = new Shared<>(row -> softmax(m, row));
        return index -> {
            long row = row(index);
            Softmax softmax = rows.at(row);
            if (softmax.p == null) {
                return 0;
            }
            double[] column = v.slice(key(row, 0) + index % headDim, keyStep(), keyLen);
            return m.of(m.dot(0, softmax.p, column) / softmax.total);
        };
    }

    /** The logarithm of the sum of exponentials of the scores, row by row. */
    Formula logSumExp() {
        return m -> row -> softmax(m, row).logSumExp;
    }

    private Softmax softmax(Arithmetic m, long row) {
        double[] p = new double[keyLen];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keyLen; j++) {
            p[j] = score(m, row, j);
            max = Math.max(max, p[j]);
        }
        if (max == Double.NEGATIVE_INFINITY) {
            return new Softmax(null, 0, max);
        }
        double total = 0;
        for (int j = 0; j < keyLen; j++) {
            p[j] = m.store(m.of(Math.exp(m.of(p[j] - max))));
            total = m.of(total + p[j]);
        }
        return new Softmax(p, total, m.of(max + m.of(Math.log(total))));
    }

    /** Minus infinity where the key is not visible. */
    double score(Arithmetic m, long row, int j) {
        boolean padding = j < prefix && j >= lengths.at(sample(row));
        if (padding || causal && j > row % seqLen) {
            return Double.NEGATIVE_INFINITY;
        }
        double score = m.of(m.dot(0, q, query(row), k, key(row, j), headDim) * scale);
        long head = row / seqLen % numHeads;
        return bias == null
                ? score
                : m.of(score + bias.at((head * seqLen + row % seqLen) * keyLen + j));
    }

    private long sample(long row) {
        return row / seqLen / numHeads;
    }

    /** The row of an element of q, which is also that of the result. */
    long row(long index) {
        long token = index / headDim / numHeads;
        long head = index / headDim % numHeads;
        return (token / seqLen * numHeads + head) * seqLen + token % seqLen;
    }

    /** Where a row lies in q. */
    long query(long row) {
        long head = row / seqLen % numHeads;
        return ((sample(row) * seqLen + row % seqLen) * numHeads + head) * headDim;
    }

    /** Where a key of a row lies in k and v. */
    long key(long row, int j) {
        long head = row / seqLen % numHeads * numKvHeads / numHeads;
        return ((sample(row) * keyLen + j) * numKvHeads + head) * headDim;
    }

    /** From one key of a head to the next. */
    long keyStep() {
        return (long) numKvHeads * headDim;
    }

    /** From one query of a head to the next. */
    long queryStep() {
        return (long) numHeads * headDim;
    }
}

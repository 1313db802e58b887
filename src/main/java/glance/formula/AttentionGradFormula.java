package glance.formula;

import glance.op.TrainingOp;

/**
 * The gradients of attention: with {@code P = exp(scale q k^T + mask - lse)} and {@code dS = scale
 * P (dy v^T - rowsum(dy y))}, {@code dq = dS k}, {@code dk = dS^T q}, {@code dv = P^T dy}. Dao et
 * al., arXiv 2205.14135, appendix B.2.
 *
 * @param y result of the forward
 * @param lse its log-sum-exp
 */
record AttentionGradFormula(AttentionFormula forward, Elements dy, Elements y, Elements lse) {
    /** What the operation writes. */
    static AttentionGradFormula of(TrainingOp.AttentionGrad op, Values of) {
        return new AttentionGradFormula(
                AttentionFormula.of(op.forward(), of),
                of.of(op.dy()),
                of.of(op.forward().out()),
                of.of(op.forward().lse()));
    }

    /** Towards q. */
    Formula dq() {
        return m -> {
            Pairs pairs = new Pairs(m);
            Shared<double[]> rows =
                    new Shared<>(
                            row -> {
                                double[] ds = new double[forward.keyLen()];
                                for (int j = 0; j < ds.length; j++) {
                                    ds[j] = pairs.ds(row, j);
                                }
                                return ds;
                            });
            return index -> {
                long row = forward.row(index);
                long start = forward.key(row, 0) + index % forward.headDim();
                double[] column = forward.k().slice(start, forward.keyStep(), forward.keyLen());
                return m.dot(0, rows.at(row), column);
            };
        };
    }

    /** Towards k. */
    Formula dk() {
        return m -> {
            Pairs pairs = new Pairs(m);
            return overQueries(m, pairs::ds, forward.q());
        };
    }

    /** Towards v. */
    Formula dv() {
        return m -> {
            Pairs pairs = new Pairs(m);
            return overQueries(m, pairs::p, dy);
        };
    }

    private interface Weight {
        double of(long row, int key);
    }

    /** For each key, the sum over all rows that look at it of a weight times what they hold. */
    private Elements overQueries(Arithmetic m, Weight weight, Elements rows) {
        int seqLen = forward.seqLen();
        int group = forward.numHeads() / forward.numKvHeads();
        Shared<double[][]> weights =
                new Shared<>(
                        key -> {
                            int j = (int) (key / forward.numKvHeads() % forward.keyLen());
                            double[][] each = new double[group][seqLen];
                            for (int h = 0; h < group; h++) {
                                for (int i = 0; i < seqLen; i++) {
                                    each[h][i] = weight.of(firstRow(key, h) + i, j);
                                }
                            }
                            return each;
                        });
        return index -> {
            long key = index / forward.headDim();
            double sum = 0;
            for (int h = 0; h < group; h++) {
                long start = forward.query(firstRow(key, h)) + index % forward.headDim();
                double[] column = rows.slice(start, forward.queryStep(), seqLen);
                sum = m.dot(sum, weights.at(key)[h], column);
            }
            return sum;
        };
    }

    /** The first row of a head that shares the head of a key, [batch, keyLen, numKvHeads]. */
    private long firstRow(long key, int h) {
        int group = forward.numHeads() / forward.numKvHeads();
        long sample = key / forward.numKvHeads() / forward.keyLen();
        long head = key % forward.numKvHeads() * group + h;
        return (sample * forward.numHeads() + head) * forward.seqLen();
    }

    /** P and dS. */
    private final class Pairs {
        private final Arithmetic m;
        private final Shared<Double> delta;

        Pairs(Arithmetic m) {
            this.m = m;
            this.delta = new Shared<>(row -> dot(y, forward.query(row), row));
        }

        /** With dy of a row. */
        private double dot(Elements other, long at, long row) {
            return m.dot(0, dy, forward.query(row), other, at, forward.headDim());
        }

        double p(long row, int key) {
            double total = lse.at(row);
            if (total == Double.NEGATIVE_INFINITY) {
                return 0; // sees no key
            }
            double score = forward.score(m, row, key);
            return m.store(m.of(Math.exp(m.of(score - total))));
        }

        double ds(long row, int key) {
            double dp = dot(forward.v(), forward.key(row, key), row);
            return m.store(m.of(m.of(p(row, key) * m.of(dp - delta.at(row))) * forward.scale()));
        }
    }
}

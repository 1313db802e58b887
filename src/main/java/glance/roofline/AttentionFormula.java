package glance.roofline;

import glance.op.Op;

/**
 * Attention and its gradients, element by element; q, k and v [batch, seqLen, numHeads, headDim] of
 * the same sizes. Of the first {@code prefix} keys of sample b, {@code lengths[b]} are real.
 */
record AttentionFormula(
        Op.Attention op, Elements q, Elements k, Elements v, int prefix, int[] lengths) {
    static AttentionFormula of(Arguments from, Op.Attention op, int prefix, int... lengths) {
        return new AttentionFormula(
                op,
                from.numbers(op.q()),
                from.numbers(op.k()),
                from.numbers(op.v()),
                prefix,
                lengths);
    }

    private int seqLen() {
        return op.q().dim(1);
    }

    private int headDim() {
        return op.q().dim(3);
    }

    /** The position of element 0 of a head of a token. */
    private long head(long batch, long token, long head) {
        return ((batch * seqLen() + token) * op.q().dim(2) + head) * headDim();
    }

    private boolean isPadding(long batch, int key) {
        return key < prefix && key >= lengths[(int) batch];
    }

    /** {@code softmax(scale q k^T + mask) v}. */
    Elements forward() {
        return index -> {
            Place at = place(index);
            double[] scores = new double[seqLen()];
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < scores.length; j++) {
                scores[j] =
                        isPadding(at.batch, j)
                                ? Double.NEGATIVE_INFINITY
                                : score(head(at.batch, at.token, at.head), at, j);
                max = Math.max(max, scores[j]);
            }
            double total = 0;
            double sum = 0;
            for (int j = 0; j < scores.length; j++) {
                double p = Math.exp(scores[j] - max);
                total += p;
                sum += p * v.at(head(at.batch, j, at.head) + at.element);
            }
            return sum / total;
        };
    }

    /** dq, from what the forward saved; dy has the shape of q. */
    Elements dq(Elements dy, Elements y, Elements lse) {
        return index -> {
            Place at = place(index);
            Gradient row = gradient(at, at.token, dy, y, lse);
            double sum = 0;
            for (int j = 0; j < seqLen(); j++) {
                sum += row.ds(j) * k.at(head(at.batch, j, at.head) + at.element);
            }
            return sum;
        };
    }

    /** dk. */
    Elements dk(Elements dy, Elements y, Elements lse) {
        return index -> {
            Place at = place(index);
            double sum = 0;
            for (int i = 0; i < seqLen(); i++) {
                double ds = gradient(at, i, dy, y, lse).ds((int) at.token);
                sum += ds * q.at(head(at.batch, i, at.head) + at.element);
            }
            return sum;
        };
    }

    /** dv. */
    Elements dv(Elements dy, Elements y, Elements lse) {
        return index -> {
            Place at = place(index);
            double sum = 0;
            for (int i = 0; i < seqLen(); i++) {
                double p = gradient(at, i, dy, y, lse).p((int) at.token);
                sum += p * dy.at(head(at.batch, i, at.head) + at.element);
            }
            return sum;
        };
    }

    private record Place(long batch, long token, long head, long element) {}

    private Place place(long index) {
        int heads = op.q().dim(2);
        long token = index / headDim() / heads;
        return new Place(
                token / seqLen(), token % seqLen(), index / headDim() % heads, index % headDim());
    }

    private double score(long query, Place at, int key) {
        return op.scale()
                * Functions.dot(q, query, 1, k, head(at.batch, key, at.head), 1, headDim());
    }

    private Gradient gradient(Place at, long query, Elements dy, Elements y, Elements lse) {
        long start = head(at.batch, query, at.head);
        long row = (at.batch * op.q().dim(2) + at.head) * seqLen() + query;
        double delta = Functions.dot(dy, start, 1, y, start, 1, headDim());
        return new Gradient(at, start, dy, lse.at(row), delta);
    }

    /** One row of P and dS. */
    private final class Gradient {
        private final Place at;
        private final long query;
        private final Elements dy;
        private final double lse;
        private final double delta;

        Gradient(Place at, long query, Elements dy, double lse, double delta) {
            this.at = at;
            this.query = query;
            this.dy = dy;
            this.lse = lse;
            this.delta = delta;
        }

        double p(int key) {
            return Math.exp(score(query, at, key) - lse);
        }

        double ds(int key) {
            long value = head(at.batch, key, at.head);
            double dp = Functions.dot(dy, query, 1, v, value, 1, headDim());
            return op.scale() * p(key) * (dp - delta);
        }
    }
}

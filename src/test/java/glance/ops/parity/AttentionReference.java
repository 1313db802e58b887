package glance.ops.parity;

/**
 * {@code softmax(scale q k^T + mask) v}; q [batch, seqLen, numHeads, headDim], k and v [batch,
 * keyLen, numKvHeads, headDim]; lengths and bias may be null.
 */
public record AttentionReference(
        HostArray q,
        HostArray k,
        HostArray v,
        double scale,
        boolean causal,
        int prefix,
        HostArray lengths,
        HostArray bias) {
    /** The result [batch, seqLen, numHeads, headDim]. */
    public HostArray result(Arithmetic m) {
        HostArray y = HostArray.zeros(q.dims());
        evaluate(m, y, HostArray.zeros(q.dim(0), q.dim(2), q.dim(1)));
        return y;
    }

    /** The logarithm of the sum of exponentials of the scores, [batch, numHeads, seqLen]. */
    public HostArray logSumExp(Arithmetic m) {
        HostArray lse = HostArray.zeros(q.dim(0), q.dim(2), q.dim(1));
        evaluate(m, HostArray.zeros(q.dims()), lse);
        return lse;
    }

    private void evaluate(Arithmetic m, HostArray y, HostArray lse) {
        int seqLen = q.dim(1);
        int numHeads = q.dim(2);
        for (int b = 0; b < q.dim(0); b++) {
            for (int h = 0; h < numHeads; h++) {
                for (int i = 0; i < seqLen; i++) {
                    double[] scores = scores(m, b, h, i);
                    int lseAt = (b * numHeads + h) * seqLen + i;
                    lse.values()[lseAt] = weighValues(m, scores, y, b, h, i);
                }
            }
        }
    }

    /** Scores of one query, minus infinity where it does not see. */
    double[] scores(Arithmetic m, int b, int h, int i) {
        int headDim = q.dim(3);
        double[] scores = new double[k.dim(1)];
        for (int j = 0; j < scores.length; j++) {
            boolean padding = j < prefix && j >= lengths.get(b);
            if (padding || (causal && j > i)) {
                scores[j] = Double.NEGATIVE_INFINITY;
                continue;
            }
            double sum = 0;
            for (int d = 0; d < headDim; d++) {
                sum = m.mulAdd(sum, q.get(at(q, b, i, h, d)), k.get(at(k, b, j, kvHead(h), d)));
            }
            scores[j] = m.of(sum * scale);
            if (bias != null) {
                int at = (h * q.dim(1) + i) * scores.length + j;
                scores[j] = m.of(scores[j] + bias.get(at));
            }
        }
        return scores;
    }

    /** Writes one query's result and returns its log-sum-exp. */
    private double weighValues(Arithmetic m, double[] scores, HostArray y, int b, int h, int i) {
        double max = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            max = Math.max(max, score);
        }
        if (max == Double.NEGATIVE_INFINITY) {
            return max; // sees no key: zeros
        }
        double total = 0;
        double[] p = new double[scores.length];
        for (int j = 0; j < p.length; j++) {
            p[j] = m.store(m.of(Math.exp(m.of(scores[j] - max))));
            total = m.of(total + p[j]);
        }
        for (int d = 0; d < q.dim(3); d++) {
            double sum = 0;
            for (int j = 0; j < p.length; j++) {
                sum = m.mulAdd(sum, p[j], v.get(at(v, b, j, kvHead(h), d)));
            }
            y.values()[at(q, b, i, h, d)] = m.of(sum / total);
        }
        return m.of(max + m.of(Math.log(total)));
    }

    int kvHead(int h) {
        return h * k.dim(2) / q.dim(2);
    }

    static int at(HostArray t, int b, int s, int h, int d) {
        return ((b * t.dim(1) + s) * t.dim(2) + h) * t.dim(3) + d;
    }
}

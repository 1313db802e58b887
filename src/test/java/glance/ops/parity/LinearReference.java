package glance.ops.parity;

import glance.op.Activation;

/**
 * {@code residual + gate * act(x W^T + bias + scale (x A^T) diag(scales) B^T)} for x [batch,
 * seqLen, in]; absent parts are null.
 */
public record LinearReference(
        HostArray x,
        HostArray weight,
        HostArray bias,
        HostArray a,
        HostArray b,
        double loraScale,
        HostArray scales,
        Activation activation,
        HostArray gate,
        HostArray residual) {
    public HostArray evaluate(Arithmetic m) {
        int batch = x.dim(0);
        int seqLen = x.dim(1);
        int out = weight.dim(0);
        HostArray y = HostArray.zeros(batch, seqLen, out);
        double[] low = a == null ? null : new double[a.dim(0)];
        for (int row = 0; row < batch * seqLen; row++) {
            for (int r = 0; low != null && r < low.length; r++) {
                double own = dot(m, 0, row, a, r);
                low[r] = m.store(scales == null ? own : m.of(scales.get(r) * own));
            }
            for (int n = 0; n < out; n++) {
                double p = dot(m, bias == null ? 0 : bias.get(n), row, weight, n);
                if (low != null) {
                    double delta = 0;
                    for (int r = 0; r < low.length; r++) {
                        delta = m.mulAdd(delta, low[r], b.get(n * low.length + r));
                    }
                    p = m.mulAdd(p, loraScale, delta);
                }
                p = Activations64.apply(m, activation, p);
                if (gate != null) {
                    int sample = gate.dim(0) == 1 ? 0 : row / seqLen;
                    p = m.of(p * gate.get(sample * out + n));
                }
                if (residual != null) {
                    p = m.of(residual.get(row * out + n) + p);
                }
                y.values()[row * out + n] = p;
            }
        }
        return y;
    }

    private double dot(Arithmetic m, double start, int row, HostArray matrix, int n) {
        int in = x.dim(2);
        double sum = start;
        for (int k = 0; k < in; k++) {
            sum = m.mulAdd(sum, x.get(row * in + k), matrix.get(n * in + k));
        }
        return sum;
    }
}

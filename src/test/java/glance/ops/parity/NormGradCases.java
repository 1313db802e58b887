package glance.ops.parity;

import glance.formula.Arithmetic;
import glance.op.Activation;
import glance.op.Op;
import glance.op.Rope;
import glance.ops.TrainingOps;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#rmsNorm}, {@link TrainingOps#headNormRope}. */
final class NormGradCases {
    private static final float EPS = 1e-6f;

    private NormGradCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (int dim : Sizes.edges()) {
            cases.add(rms(true, 2, 3, dim));
        }
        cases.add(rms(false, 1, 7, 33));
        for (Rope.Pairing pairing :
                new Rope.Pairing[] {Rope.Pairing.INTERLEAVED, Rope.Pairing.HALVES, null}) {
            for (int headDim : new int[] {2, 14, 16, 18, 32, 34, 128}) {
                cases.add(heads(0, pairing, true, 2, List.of(5), 3, headDim));
            }
            for (boolean normed : new boolean[] {false, true}) {
                cases.add(heads(0, pairing, normed, 2, List.of(3, 7), 3, 16));
                cases.add(heads(1, pairing, normed, 2, List.of(3, 7), 3, 16));
                cases.add(heads(2, pairing, normed, 1, List.of(2, 4, 113), 1, 24));
            }
        }
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(
                rms(true, 3, 113, 203),
                heads(1, Rope.Pairing.INTERLEAVED, true, 2, List.of(37, 203), 4, 32));
    }

    private static OpCase rms(boolean weighted, int batch, int seqLen, int dim) {
        return new OpCase(
                String.format(
                        "rmsNorm gradient [%d, %d, %d] weight %s", batch, seqLen, dim, weighted),
                inputs -> {
                    Operand x = inputs.activation(batch, seqLen + 2, dim).narrow(1, 1, seqLen);
                    Operand weight = weighted ? inputs.floats(dim) : null;
                    Operand dy = inputs.activation(batch, seqLen, dim);
                    Op.RmsNorm forward =
                            new Op.RmsNorm(
                                    x.tensor(),
                                    Operand.tensorOf(weight),
                                    EPS,
                                    Activation.NONE,
                                    x.tensor());
                    return Trial.of(
                            () -> inputs.ops().training().rmsNorm(forward, dy.tensor()),
                            m -> {
                                HostArray dx = HostArray.zeros(batch, seqLen, dim);
                                for (int at = 0; at < dx.values().length; at += dim) {
                                    double[] row =
                                            rms(
                                                    m,
                                                    row(x.host(), at, dim),
                                                    Operand.hostOf(weight),
                                                    row(dy.host(), at, dim));
                                    System.arraycopy(row, 0, dx.values(), at, dim);
                                }
                                return dx;
                            });
                });
    }

    private static double[] row(HostArray x, int at, int dim) {
        return Arrays.copyOfRange(x.values(), at, at + dim);
    }

    /** {@code r (w dy - x r^2 mean(x w dy))} with {@code r = 1 / sqrt(mean(x^2) + eps)}. */
    private static double[] rms(Arithmetic m, double[] x, HostArray weight, double[] dy) {
        double[] dx = new double[x.length];
        double squares = 0;
        double dot = 0;
        for (int d = 0; d < x.length; d++) {
            dx[d] = weight == null ? dy[d] : m.of(weight.get(d) * dy[d]);
            squares = m.mulAdd(squares, x[d], x[d]);
            dot = m.mulAdd(dot, x[d], dx[d]);
        }
        double r = m.of(1 / m.of(Math.sqrt(m.of(m.of(squares / x.length) + EPS))));
        double shrink = m.of(m.of(m.of(dot / x.length) * r) * r);
        for (int d = 0; d < x.length; d++) {
            dx[d] = m.of(r * m.of(dx[d] - m.of(x[d] * shrink)));
        }
        return dx;
    }

    /** The gradient of stream {@code which}. */
    private static OpCase heads(
            int which,
            Rope.Pairing pairing,
            boolean normed,
            int batch,
            List<Integer> seqLens,
            int numHeads,
            int headDim) {
        return new OpCase(
                String.format(
                        "headNormRope gradient %d of [%d, %s, %d, %d] norm %s %s",
                        which, batch, seqLens, numHeads, headDim, normed, pairing),
                inputs -> {
                    int total = seqLens.stream().mapToInt(Integer::intValue).sum();
                    List<Operand> streams = new ArrayList<>();
                    List<Tensor> weights = new ArrayList<>();
                    Operand weight = normed ? inputs.floats(headDim) : null;
                    for (int seqLen : seqLens) {
                        streams.add(
                                inputs.activation(batch, seqLen, numHeads, 3 * headDim)
                                        .narrow(3, headDim, headDim));
                        weights.add(Operand.tensorOf(weight));
                    }
                    Operand cos = inputs.floats(total, headDim / 2);
                    Operand sin = inputs.floats(total, headDim / 2);
                    Operand dy = inputs.activation(batch, total, numHeads, headDim);
                    Op.HeadNormRope forward =
                            new Op.HeadNormRope(
                                    streams.stream().map(Operand::tensor).toList(),
                                    weights,
                                    EPS,
                                    pairing == null
                                            ? null
                                            : new Rope(cos.tensor(), sin.tensor(), pairing),
                                    dy.tensor());
                    int start = seqLens.subList(0, which).stream().mapToInt(n -> n).sum();
                    HostArray x = streams.get(which).host();
                    HostArray part = dy.host().narrow(1, start, seqLens.get(which));
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .training()
                                            .headNormRope(forward, dy.tensor())
                                            .get(which),
                            m -> {
                                HostArray dx = HostArray.zeros(x.dims());
                                for (int at = 0; at < dx.values().length; at += headDim) {
                                    int position = start + at / headDim / numHeads % x.dim(1);
                                    double[] g = row(part, at, headDim);
                                    if (pairing != null) {
                                        g = back(m, g, pairing, cos.host(), sin.host(), position);
                                    }
                                    if (normed) {
                                        g = rms(m, row(x, at, headDim), weight.host(), g);
                                    }
                                    System.arraycopy(g, 0, dx.values(), at, headDim);
                                }
                                return dx;
                            });
                });
    }

    /** The transposed rotation. */
    private static double[] back(
            Arithmetic m,
            double[] dy,
            Rope.Pairing pairing,
            HostArray cos,
            HostArray sin,
            int position) {
        int half = dy.length / 2;
        double[] dx = new double[dy.length];
        for (int j = 0; j < half; j++) {
            int first = pairing == Rope.Pairing.HALVES ? j : 2 * j;
            int second = pairing == Rope.Pairing.HALVES ? j + half : 2 * j + 1;
            double c = cos.get(position * half + j);
            double s = sin.get(position * half + j);
            dx[first] = m.of(m.of(dy[first] * c) + m.of(dy[second] * s));
            dx[second] = m.of(m.of(dy[second] * c) - m.of(dy[first] * s));
        }
        return dx;
    }
}

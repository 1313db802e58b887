package glance.autograd;

import glance.formula.Activations64;
import glance.formula.Arithmetic;
import glance.op.Activation;
import glance.op.Op;
import glance.op.Rope;
import glance.ops.parity.HostArray;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** {@code Op.RmsNorm}, {@code Op.LayerNorm} and {@code Op.HeadNormRope}. */
final class NormGradients {
    private static final double EPS = 1e-6f;
    private static final Arithmetic EXACT = Arithmetic.exact();
    private final List<GradientCase> cases = new ArrayList<>();

    static List<GradientCase> all() {
        NormGradients table = new NormGradients();
        table.norms();
        return table.cases;
    }

    private void norms() {
        for (int dim : new int[] {1, 15, 16, 33, 113}) {
            rmsNorm(2, 3, dim, true);
            layerNorm(2, 5, dim, "plain");
        }
        rmsNorm(1, 1, 7, false);
        layerNorm(2, 37, 17, "modulate each");
        layerNorm(2, 5, 31, "modulate one");
        layerNorm(1, 1, 5, "weight");
        layerNorm(2, 7, 33, "weight");
        normActivation(2, 3, 17);
        headNormRopes();
    }

    private void rmsNorm(int batch, int seqLen, int dim, boolean weighted) {
        cases.add(
                new GradientCase(
                        "rmsNorm [%d, %d, %d], weight %b".formatted(batch, seqLen, dim, weighted),
                        Op.RmsNorm.class,
                        List.of(new int[] {batch, seqLen, dim}),
                        dim,
                        (ops, x, c) ->
                                ops.rmsNorm(x.get(0), weighted ? c.on(ops, "w", dim) : null, 1e-6f),
                        (x, c) ->
                                References.rmsNorm(
                                        x.get(0), weighted ? c.host("w", dim) : null, EPS)));
    }

    private void normActivation(int batch, int seqLen, int dim) {
        cases.add(
                new GradientCase(
                        "rmsNorm with activation",
                        Op.RmsNorm.class,
                        List.of(new int[] {batch, seqLen, dim}),
                        dim,
                        (ops, x, c) ->
                                ops.rmsNorm(x.get(0), c.on(ops, "w", dim), 1e-6f, Activation.SILU),
                        (x, c) ->
                                References.map(
                                        References.rmsNorm(x.get(0), c.host("w", dim), EPS),
                                        v -> Activations64.apply(EXACT, Activation.SILU, v))));
    }

    private void layerNorm(int batch, int seqLen, int dim, String kind) {
        boolean modulated = kind.startsWith("modulate");
        boolean weighted = kind.equals("weight");
        int vectors = kind.endsWith("one") ? 1 : batch;
        List<int[]> shapes = new ArrayList<>(List.of(new int[] {batch, seqLen, dim}));
        if (modulated) {
            shapes.add(new int[] {vectors, dim});
            shapes.add(new int[] {vectors, dim});
        }
        cases.add(
                new GradientCase(
                        "layerNorm %s [%d, %d, %d]".formatted(kind, batch, seqLen, dim),
                        Op.LayerNorm.class,
                        shapes,
                        dim + batch * seqLen,
                        (ops, x, c) ->
                                modulated
                                        ? ops.layerNormModulate(x.get(0), x.get(1), x.get(2), 1e-6f)
                                        : ops.layerNorm(
                                                x.get(0),
                                                weighted ? c.on(ops, "w", dim) : null,
                                                weighted ? c.on(ops, "b", dim) : null,
                                                1e-6f),
                        (x, c) -> {
                            HostArray y = References.standardised(x.get(0), EPS);
                            for (int i = 0; i < y.values().length; i++) {
                                if (modulated) {
                                    double s = References.perSample(x.get(1), seqLen, dim, i);
                                    double t = References.perSample(x.get(2), seqLen, dim, i);
                                    y.values()[i] = y.get(i) * (1 + s) + t;
                                } else if (weighted) {
                                    y.values()[i] =
                                            y.get(i) * c.host("w", dim).get(i % dim)
                                                    + c.host("b", dim).get(i % dim);
                                }
                            }
                            return y;
                        }));
    }

    private void headNormRopes() {
        headNormRope(1, 1, 1, 1, 2, Rope.Pairing.INTERLEAVED, true);
        headNormRope(2, 3, 5, 3, 16, Rope.Pairing.INTERLEAVED, true);
        headNormRope(1, 7, 2, 2, 34, Rope.Pairing.HALVES, true);
        headNormRope(2, 2, 3, 1, 6, Rope.Pairing.HALVES, false);
    }

    /** Two streams; the second one has no norm if {@code normed} is false. */
    private void headNormRope(
            int batch,
            int first,
            int second,
            int heads,
            int headDim,
            Rope.Pairing pairing,
            boolean normed) {
        int[] table = {first + second, headDim / 2};
        cases.add(
                new GradientCase(
                        "headNormRope %s [%d, %d + %d, %d, %d], norm %b"
                                .formatted(pairing, batch, first, second, heads, headDim, normed),
                        Op.HeadNormRope.class,
                        List.of(
                                new int[] {batch, first, heads, headDim},
                                new int[] {batch, second, heads, headDim}),
                        headDim,
                        (ops, x, c) -> {
                            List<Tensor> weights = new ArrayList<>();
                            weights.add(c.on(ops, "w0", headDim));
                            weights.add(normed ? c.on(ops, "w1", headDim) : null);
                            Rope rope =
                                    new Rope(
                                            c.on(ops, "cos", table),
                                            c.on(ops, "sin", table),
                                            pairing);
                            return ops.headNormRope(x, weights, 1e-6f, rope);
                        },
                        (x, c) -> {
                            boolean halves = pairing == Rope.Pairing.HALVES;
                            HostArray cos = c.host("cos", table);
                            HostArray sin = c.host("sin", table);
                            HostArray a = References.rmsNorm(x.get(0), c.host("w0", headDim), EPS);
                            HostArray b =
                                    normed
                                            ? References.rmsNorm(
                                                    x.get(1), c.host("w1", headDim), EPS)
                                            : x.get(1);
                            return References.joined(
                                    References.rotated(a, cos, sin, 0, halves),
                                    References.rotated(b, cos, sin, first, halves));
                        }));
    }
}

package glance.autograd;

import glance.backend.Activation;
import glance.backend.AttentionMask;
import glance.backend.Epilogue;
import glance.backend.LowRank;
import glance.backend.Op;
import glance.backend.Rope;
import glance.ops.Ops;
import glance.ops.parity.Activations64;
import glance.ops.parity.Arithmetic;
import glance.ops.parity.AttentionReference;
import glance.ops.parity.HostArray;
import glance.ops.parity.LinearReference;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Every gradient rule, at sizes that break tiles. */
final class GradientCases {
    private static final double EPS = 1e-6f;
    private static final Arithmetic EXACT = Arithmetic.exact();

    /** Tiles are 4, 6 or 14 rows and 16 or 32 columns; the rest is one off, prime, or one. */
    private static final int[][] LINEARS = {
        // batch, seqLen, in, out, rank
        {1, 1, 1, 1, 1}, {1, 13, 15, 17, 2}, {2, 14, 32, 33, 4}, {1, 113, 31, 29, 5}
    };

    private final List<GradientCase> cases = new ArrayList<>();

    static List<GradientCase> all() {
        GradientCases table = new GradientCases();
        for (int[] s : LINEARS) {
            table.linear(s[0], s[1], s[2], s[3], s[4]);
        }
        table.epilogue(2, 5, 7, 6);
        table.attentions();
        table.norms();
        table.headNormRopes();
        table.pointwise();
        return table.cases;
    }

    private void linear(int batch, int seqLen, int in, int out, int rank) {
        cases.add(
                new GradientCase(
                        "linear [%d, %d, %d] to %d, rank %d"
                                .formatted(batch, seqLen, in, out, rank),
                        Op.Linear.class,
                        List.of(
                                new int[] {batch, seqLen, in},
                                new int[] {rank, in},
                                new int[] {out, rank}),
                        batch * seqLen + in + out,
                        (ops, x, c) ->
                                ops.linear(
                                        x.get(0),
                                        c.on(ops, "w", out, in),
                                        c.on(ops, "bias", out),
                                        new LowRank(x.get(1), x.get(2), 0.5f),
                                        Epilogue.none()),
                        (x, c) ->
                                new LinearReference(
                                                x.get(0),
                                                c.host("w", out, in),
                                                c.host("bias", out),
                                                x.get(1),
                                                x.get(2),
                                                0.5,
                                                Activation.NONE,
                                                null,
                                                null)
                                        .evaluate(EXACT)));
    }

    /** A fused epilogue; one gate for both samples. */
    private void epilogue(int batch, int seqLen, int in, int out) {
        cases.add(
                new GradientCase(
                        "linear with activation, gate and residual",
                        Op.Linear.class,
                        List.of(
                                new int[] {batch, seqLen, in},
                                new int[] {1, out},
                                new int[] {batch, seqLen, out}),
                        batch * seqLen + in + out,
                        (ops, x, c) ->
                                ops.linear(
                                        x.get(0),
                                        c.on(ops, "w", out, in),
                                        null,
                                        null,
                                        new Epilogue(Activation.GELU_TANH, x.get(1), x.get(2))),
                        (x, c) ->
                                new LinearReference(
                                                x.get(0),
                                                c.host("w", out, in),
                                                null,
                                                null,
                                                null,
                                                0,
                                                Activation.GELU_TANH,
                                                x.get(1),
                                                x.get(2))
                                        .evaluate(EXACT)));
    }

    private void attentions() {
        attention(1, 1, 1, 1, 1, 1, "plain");
        attention(1, 13, 31, 2, 1, 5, "plain");
        attention(2, 57, 129, 2, 2, 16, "plain");
        attention(1, 61, 61, 6, 2, 17, "causal");
        attention(2, 29, 37, 4, 2, 8, "lengths");
        attention(1, 15, 33, 2, 2, 33, "bias");
        attention(2, 131, 131, 2, 1, 6, "causal lengths bias");
        attention(1, 5, 7, 1, 1, 4, "all hidden");
    }

    private void attention(
            int batch, int seqLen, int keyLen, int heads, int kvHeads, int headDim, String mask) {
        boolean causal = mask.contains("causal");
        boolean biased = mask.contains("bias");
        boolean hidden = mask.equals("all hidden");
        int prefix = hidden ? keyLen : mask.contains("lengths") ? keyLen / 2 : 0;
        int[] lengths = hidden ? new int[batch] : new int[] {prefix, prefix / 3};
        double scale = (float) (1 / Math.sqrt(headDim));
        HostArray known = prefix == 0 ? null : HostArray.zeros(batch);
        for (int b = 0; known != null && b < batch; b++) {
            known.values()[b] = lengths[b];
        }
        cases.add(
                new GradientCase(
                        "attention %s [%d, %d, %d, %d], %d keys of %d heads"
                                .formatted(mask, batch, seqLen, heads, headDim, keyLen, kvHeads),
                        Op.Attention.class,
                        List.of(
                                new int[] {batch, seqLen, heads, headDim},
                                new int[] {batch, keyLen, kvHeads, headDim},
                                new int[] {batch, keyLen, kvHeads, headDim}),
                        seqLen * heads / kvHeads + keyLen + headDim,
                        (ops, x, c) -> {
                            AttentionMask m =
                                    prefix == 0
                                            ? AttentionMask.none()
                                            : AttentionMask.paddedPrefix(
                                                    prefix, lengths(ops, lengths, batch));
                            m = causal ? m.andCausal() : m;
                            m = biased ? m.withBias(c.on(ops, "bias", heads, seqLen, keyLen)) : m;
                            return ops.attention(x.get(0), x.get(1), x.get(2), (float) scale, m);
                        },
                        (x, c) ->
                                new AttentionReference(
                                                x.get(0),
                                                x.get(1),
                                                x.get(2),
                                                scale,
                                                causal,
                                                prefix,
                                                known,
                                                biased
                                                        ? c.host("bias", heads, seqLen, keyLen)
                                                        : null)
                                        .result(EXACT)));
    }

    private static Tensor lengths(Ops ops, int[] lengths, int batch) {
        int[] used = Arrays.copyOf(lengths, batch);
        return ops.host().ints(Shape.of(batch), used);
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

    private void pointwise() {
        for (Activation activation : Activation.values()) {
            if (activation == Activation.NONE) {
                continue;
            }
            int[] shape = {2, 3, 37};
            cases.add(
                    new GradientCase(
                            "activation " + activation,
                            Op.Unary.class,
                            List.of(shape),
                            1,
                            (ops, x, c) -> ops.activation(activation, x.get(0)),
                            (x, c) ->
                                    References.map(
                                            x.get(0),
                                            v -> Activations64.apply(EXACT, activation, v))));
        }
        cases.add(
                new GradientCase(
                        "gated activation",
                        Op.GatedActivation.class,
                        List.of(new int[] {1, 5, 19}, new int[] {1, 5, 19}),
                        1,
                        (ops, x, c) -> ops.gatedActivation(Activation.SILU, x.get(0), x.get(1)),
                        (x, c) ->
                                References.zip(
                                        x.get(0),
                                        x.get(1),
                                        (g, u) ->
                                                u
                                                        * Activations64.apply(
                                                                EXACT, Activation.SILU, g))));
        gate(2, 7, 17, 2);
        gate(2, 113, 5, 1);
        gate(1, 1, 1, 1);
        for (boolean add : new boolean[] {true, false}) {
            binary(add, new int[] {2, 3, 5}, true);
            for (boolean wanted : new boolean[] {false, true}) {
                binary(add, new int[] {5}, wanted);
                binary(add, new int[] {1, 1, 1}, wanted);
            }
        }
        copies();
    }

    private void gate(int batch, int seqLen, int dim, int vectors) {
        int[] tokens = {batch, seqLen, dim};
        cases.add(
                new GradientCase(
                        "gate residual [%d, %d, %d], %d gates"
                                .formatted(batch, seqLen, dim, vectors),
                        Op.GateResidual.class,
                        List.of(tokens, new int[] {vectors, dim}, tokens),
                        batch * seqLen,
                        (ops, x, c) -> ops.gateResidual(x.get(0), x.get(1), x.get(2)),
                        (x, c) -> {
                            HostArray y = HostArray.zeros(tokens);
                            for (int i = 0; i < y.values().length; i++) {
                                double g = References.perSample(x.get(1), seqLen, dim, i);
                                y.values()[i] = x.get(0).get(i) + g * x.get(2).get(i);
                            }
                            return y;
                        }));
    }

    private void binary(boolean add, int[] other, boolean wanted) {
        int[] shape = {2, 3, 5};
        cases.add(
                new GradientCase(
                        "%s %s, gradient %b"
                                .formatted(add ? "add" : "mul", Arrays.toString(other), wanted),
                        Op.Binary.class,
                        wanted ? List.of(shape, other) : List.of(shape),
                        HostArray.size(shape),
                        (ops, x, c) -> {
                            Tensor b = wanted ? x.get(1) : c.on(ops, "b", other);
                            return add ? ops.add(x.get(0), b) : ops.mul(x.get(0), b);
                        },
                        (x, c) ->
                                References.zip(
                                        x.get(0),
                                        wanted ? x.get(1) : c.host("b", other),
                                        add ? Double::sum : (a, b) -> a * b)));
    }

    /** Views: a transposed copy, parts of one tensor, joined parts, and one tensor used twice. */
    private void copies() {
        cases.add(
                new GradientCase(
                        "copy of a transposed part",
                        Op.Copy.class,
                        List.of(new int[] {3, 5, 7}),
                        1,
                        (ops, x, c) -> ops.contiguous(x.get(0).narrow(2, 1, 4).permute(2, 0, 1)),
                        (x, c) -> x.get(0).narrow(2, 1, 4).permute(2, 0, 1)));
        cases.add(
                new GradientCase(
                        "concat, one part twice",
                        Op.Copy.class,
                        List.of(new int[] {2, 3, 5}, new int[] {2, 1, 5}),
                        2,
                        (ops, x, c) ->
                                ops.concat(
                                        1,
                                        List.of(
                                                ops.concat(1, List.of(x.get(0), x.get(1))),
                                                x.get(0))),
                        (x, c) ->
                                References.joined(
                                        References.joined(x.get(0), x.get(1)), x.get(0))));
        cases.add(
                new GradientCase(
                        "cast",
                        Op.Copy.class,
                        List.of(new int[] {2, 3}),
                        1,
                        (ops, x, c) -> ops.contiguous(ops.cast(x.get(0), DType.F32).permute(1, 0)),
                        (x, c) -> x.get(0).permute(1, 0)));
    }
}

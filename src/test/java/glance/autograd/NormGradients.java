package glance.autograd;

import glance.op.Activation;
import glance.op.Op;
import glance.op.Rope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** {@code Op.RmsNorm}, {@code Op.LayerNorm} and {@code Op.HeadNormRope}. */
final class NormGradients {
    private static final float EPS = 1e-6f;

    private NormGradients() {}

    static Stream<GradientCase> all() {
        Stream<GradientCase> widths =
                IntStream.of(1, 15, 16, 33, 113)
                        .boxed()
                        .flatMap(
                                dim ->
                                        Stream.of(
                                                rmsNorm(2, 3, dim, true, Activation.NONE),
                                                layerNorm(2, 5, dim, "plain")));
        return Stream.concat(
                widths,
                Stream.of(
                        rmsNorm(1, 1, 7, false, Activation.NONE),
                        rmsNorm(2, 3, 17, true, Activation.SILU),
                        layerNorm(2, 37, 17, "modulate each"),
                        layerNorm(2, 5, 31, "modulate one"),
                        layerNorm(1, 1, 5, "weight"),
                        layerNorm(2, 7, 33, "weight"),
                        headNormRope(1, 1, 1, 1, 2, Rope.Pairing.INTERLEAVED, true),
                        headNormRope(2, 3, 5, 3, 16, Rope.Pairing.INTERLEAVED, true),
                        headNormRope(1, 7, 2, 2, 34, Rope.Pairing.HALVES, true),
                        headNormRope(2, 2, 3, 1, 6, Rope.Pairing.HALVES, false)));
    }

    private static GradientCase rmsNorm(
            int batch, int seqLen, int dim, boolean weighted, Activation activation) {
        return new GradientCase(
                "rmsNorm [%d, %d, %d], weight %b, %s"
                        .formatted(batch, seqLen, dim, weighted, activation),
                Op.RmsNorm.class,
                List.of(new int[] {batch, seqLen, dim}),
                dim,
                (a, x) ->
                        a.ops()
                                .rmsNorm(
                                        x.get(0),
                                        weighted ? a.floats(dim) : null,
                                        EPS,
                                        activation));
    }

    private static GradientCase layerNorm(int batch, int seqLen, int dim, String kind) {
        boolean modulated = kind.startsWith("modulate");
        boolean weighted = kind.equals("weight");
        int vectors = kind.endsWith("one") ? 1 : batch;
        List<int[]> shapes = new ArrayList<>(List.of(new int[] {batch, seqLen, dim}));
        if (modulated) {
            shapes.add(new int[] {vectors, dim});
            shapes.add(new int[] {vectors, dim});
        }
        return new GradientCase(
                "layerNorm %s [%d, %d, %d]".formatted(kind, batch, seqLen, dim),
                Op.LayerNorm.class,
                shapes,
                dim + batch * seqLen,
                (a, x) ->
                        modulated
                                ? a.ops().layerNormModulate(x.get(0), x.get(1), x.get(2), EPS)
                                : a.ops()
                                        .layerNorm(
                                                x.get(0),
                                                weighted ? a.floats(dim) : null,
                                                weighted ? a.floats(dim) : null,
                                                EPS));
    }

    /** Two streams; the second one has no norm if {@code normed} is false. */
    private static GradientCase headNormRope(
            int batch,
            int first,
            int second,
            int heads,
            int headDim,
            Rope.Pairing pairing,
            boolean normed) {
        return new GradientCase(
                "headNormRope %s [%d, %d + %d, %d, %d], norm %b"
                        .formatted(pairing, batch, first, second, heads, headDim, normed),
                Op.HeadNormRope.class,
                List.of(
                        new int[] {batch, first, heads, headDim},
                        new int[] {batch, second, heads, headDim}),
                headDim,
                (a, x) -> {
                    List<Tensor> weights = new ArrayList<>();
                    weights.add(a.floats(headDim));
                    weights.add(normed ? a.floats(headDim) : null);
                    Tensor cos = a.floats(first + second, headDim / 2);
                    Tensor sin = a.floats(first + second, headDim / 2);
                    return a.ops().headNormRope(x, weights, EPS, new Rope(cos, sin, pairing));
                });
    }
}

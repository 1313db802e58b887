package glance.ops.parity;

import glance.cases.Case;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#embedding} and {@link Ops#timestepEmbedding}. */
final class LookupCases {
    private LookupCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (DType dtype : LinearCases.WEIGHTS) {
            for (int dim : new int[] {1, 7, 64, 113}) {
                cases.add(embedding(dtype, 31, dim, 2, 5));
            }
        }
        cases.add(embedding(DType.BF16, 1, 8, 3));
        cases.add(embedding(DType.F32, 5, 8));
        cases.add(embedding(DType.F32, 5, 8, 2, 0));
        cases.add(embeddingOfTransposedIds());
        for (int dim : new int[] {2, 6, 16, 32, 34, 256}) {
            cases.add(timesteps(dim, 1, 0, 0, 0.5, 1, 17.25, 999, 1000));
            cases.add(timesteps(dim, 1000, 0, 0, 0.001, 0.7341, 1));
        }
        cases.add(timesteps(64, 1, 1, 1, 500));
        cases.add(timesteps(256, 1, 0.5f, 3));
        cases.add(everySecondTimestep());
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        double[] t = new double[300];
        Arrays.setAll(t, i -> 3.3 * i);
        return Stream.of(embedding(DType.BF16, 97, 203, 5, 113), timesteps(256, 1, 0, t));
    }

    static Case embedding(DType dtype, int vocab, int dim, int... ids) {
        int[] dims = Arrays.copyOf(ids, ids.length + 1);
        dims[ids.length] = dim;
        return Case.of(
                String.format("embedding %s [%d, %d] %s", dtype, vocab, dim, Arrays.toString(ids)),
                a ->
                        Parity.shaped(
                                a.ops()
                                        .embedding(
                                                a.ids(DType.I32, vocab, ids),
                                                a.weight(dtype, vocab, dim)),
                                dims));
    }

    private static Case embeddingOfTransposedIds() {
        return Case.of(
                "embedding of permuted ids",
                a ->
                        a.ops()
                                .embedding(
                                        a.ids(DType.I32, 31, 3, 7).permute(1, 0),
                                        a.weight(DType.BF16, 31, 8)));
    }

    private static Case timesteps(int dim, float scale, float freqShift, double... t) {
        String values = t.length > 10 ? t.length + " values" : Arrays.toString(t);
        return Case.of(
                String.format(
                        "timestepEmbedding %d scale %s shift %s of %s",
                        dim, scale, freqShift, values),
                a ->
                        a.ops()
                                .timestepEmbedding(
                                        a.given(DType.F32, i -> t[(int) i], t.length),
                                        dim,
                                        scale,
                                        freqShift));
    }

    private static Case everySecondTimestep() {
        return Case.of(
                "timestepEmbedding of every second timestep",
                a ->
                        a.ops()
                                .timestepEmbedding(
                                        a.floats(5, 2).narrow(1, 1, 1).reshape(5), 32, 1000, 0));
    }
}

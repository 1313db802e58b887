package glance.ops.parity;

import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#embedding} and {@link Ops#timestepEmbedding}. */
final class LookupCases {
    private LookupCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
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
    static Stream<OpCase> large() {
        double[] t = new double[300];
        Arrays.setAll(t, i -> 3.3 * i);
        return Stream.of(embedding(DType.BF16, 97, 203, 5, 113), timesteps(256, 1, 0, t));
    }

    private static OpCase embedding(DType dtype, int vocab, int dim, int... ids) {
        return new OpCase(
                String.format("embedding %s [%d, %d] %s", dtype, vocab, dim, Arrays.toString(ids)),
                inputs -> embedding(inputs, inputs.ids(vocab, ids), dtype, vocab, dim));
    }

    private static OpCase embeddingOfTransposedIds() {
        return new OpCase(
                "embedding of permuted ids",
                inputs -> {
                    Operand ids = inputs.ids(31, 3, 7).permute(1, 0);
                    return embedding(inputs, ids, DType.BF16, 31, 8);
                });
    }

    private static Trial embedding(Inputs inputs, Operand ids, DType dtype, int vocab, int dim) {
        Operand table = inputs.weight(dtype, vocab, dim);
        int rank = ids.host().dims().length;
        int[] result = Arrays.copyOf(ids.host().dims(), rank + 1);
        result[rank] = dim;
        return Trial.exact(
                () -> inputs.ops().embedding(ids.tensor(), table.tensor()),
                () -> {
                    HostArray y = HostArray.zeros(result);
                    Arrays.setAll(
                            y.values(),
                            i -> table.host().get((int) ids.host().get(i / dim) * dim + i % dim));
                    return y;
                });
    }

    private static OpCase timesteps(int dim, float scale, float freqShift, double... t) {
        String values = t.length > 10 ? t.length + " values" : Arrays.toString(t);
        return new OpCase(
                String.format(
                        "timestepEmbedding %d scale %s shift %s of %s",
                        dim, scale, freqShift, values),
                inputs -> {
                    HostArray host = new HostArray(new int[] {t.length}, t);
                    return timesteps(inputs, inputs.upload(DType.F32, host), dim, scale, freqShift);
                });
    }

    private static OpCase everySecondTimestep() {
        return new OpCase(
                "timestepEmbedding of every second timestep",
                inputs -> {
                    Operand t = inputs.floats(5, 2).narrow(1, 1, 1).reshape(5);
                    return timesteps(inputs, t, 32, 1000, 0);
                });
    }

    private static Trial timesteps(
            Inputs inputs, Operand t, int dim, float scale, float freqShift) {
        int half = dim / 2;
        return Trial.of(
                () -> inputs.ops().timestepEmbedding(t.tensor(), dim, scale, freqShift),
                m -> {
                    HostArray y = HostArray.zeros(t.host().dim(0), dim);
                    for (int i = 0; i < t.host().dim(0); i++) {
                        for (int j = 0; j < half; j++) {
                            double exponent =
                                    m.of(m.of(-m.of(Math.log(10000)) * j) / (half - freqShift));
                            double frequency = m.of(Math.exp(exponent));
                            double angle = m.of(scale * m.of(t.host().get(i) * frequency));
                            y.values()[i * dim + j] = m.of(Math.cos(angle));
                            y.values()[i * dim + half + j] = m.of(Math.sin(angle));
                        }
                    }
                    return y;
                });
    }
}

package glance.model;

import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a {@link Denoiser} computes once for a batch of texts, under the adapters that were active
 * then.
 *
 * @param vectors what differs from step to step, such as modulation vectors: [steps * rows, width]
 *     each, with the same rows for every step: one, or one for each sample
 * @param constants what is the same at all steps but depends on the adapters and their strengths,
 *     such as a text that the network has refined: [rows, ...] each
 * @param steps number of noise levels
 */
public record Conditioning(List<Tensor> vectors, List<Tensor> constants, int steps) {
    /** Without constants. */
    public Conditioning(List<Tensor> vectors, int steps) {
        this(vectors, List.of(), steps);
    }

    /**
     * Where a sample's own rows are.
     *
     * @param part whose they are
     * @param sample of the part's batch
     */
    public record Place(Conditioning part, int sample) {}

    /**
     * That of a batch whose samples were conditioned apart, in the innermost scope. Constants of
     * texts of other lengths, [rows, len, width], are filled up with zeros to the longest: those
     * are of models that mask what is beyond a text's length.
     *
     * @param samples of each sample of the batch, all for the same steps
     */
    public static Conditioning joined(Ops ops, List<Place> samples) {
        Conditioning first = samples.get(0).part;
        return new Conditioning(
                joined(ops, samples, Conditioning::vectors, first.steps),
                joined(ops, samples, Conditioning::constants, 1),
                first.steps);
    }

    private static List<Tensor> joined(
            Ops ops, List<Place> samples, Function<Conditioning, List<Tensor>> kind, int steps) {
        List<Tensor> result = new ArrayList<>();
        for (int i = 0; i < kind.apply(samples.get(0).part).size(); i++) {
            int at = i;
            List<Tensor> own = samples.stream().map(s -> kind.apply(s.part).get(at)).toList();
            Tensor first = own.get(0);
            int longest = own.stream().mapToInt(tensor -> tensor.dim(1)).max().orElseThrow();
            List<Tensor> rows = new ArrayList<>();
            for (int sample = 0; sample < own.size(); sample++) {
                Tensor tensor = own.get(sample);
                int count = tensor.dim(0) / steps;
                int row = count == 1 ? 0 : samples.get(sample).sample;
                Tensor bySteps = ops.contiguous(tensor).reshape(steps, count, -1);
                rows.add(filled(ops, bySteps.narrow(1, row, 1), tensor.dim(1), longest));
            }
            int all = steps * own.size();
            result.add(
                    ops.concat(1, rows)
                            .reshape(first.shape().with(0, all).with(1, longest).dims()));
        }
        return result;
    }

    /** A row [steps, 1, len * width], with zeros up to {@code longest * width}. */
    private static Tensor filled(Ops ops, Tensor row, int length, int longest) {
        if (length == longest) {
            return row;
        }
        int missing = row.dim(2) / length * (longest - length);
        return ops.concat(
                2, List.of(row, ops.training().zeros(row.dtype(), row.shape().with(2, missing))));
    }

    /** All that it has. */
    public Stream<Tensor> tensors() {
        return Stream.concat(vectors.stream(), constants.stream());
    }

    /** The vectors of a step, as views: [rows, width] each. */
    public List<Tensor> vectors(int step) {
        return vectors.stream()
                .map(
                        all -> {
                            int rows = all.dim(0) / steps;
                            return all.narrow(0, step * rows, rows);
                        })
                .toList();
    }
}

package glance.check;

import glance.api.FormatException;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/** Recorded attention masks. */
final class Masks {
    private Masks() {}

    /** The number of real tokens in each row of a mask, which must be padded on the right. */
    static int[] lengths(CaseFolder folder, String name) {
        List<int[]> rows = folder.integerRows(name);
        int[] lengths = new int[rows.size()];
        for (int b = 0; b < lengths.length; b++) {
            int[] row = rows.get(b);
            while (lengths[b] < row.length && row[lengths[b]] != 0) {
                lengths[b]++;
            }
            for (int i = lengths[b]; i < row.length; i++) {
                if (row[i] != 0) {
                    throw new FormatException(
                            folder.path().resolve("case.safetensors"),
                            name,
                            "row " + b + " is not padded on the right",
                            "this engine keeps the real tokens in front");
                }
            }
        }
        return lengths;
    }

    /** The embeddings [batch, maxLen, dim] with the rows of padding set to zero. */
    static Tensor zeroPadding(Ops ops, Tensor embeddings, int[] lengths) {
        int maxLen = embeddings.dim(1);
        int dim = embeddings.dim(2);
        float[] keep = new float[lengths.length * maxLen * dim];
        for (int b = 0; b < lengths.length; b++) {
            int start = b * maxLen * dim;
            java.util.Arrays.fill(keep, start, start + lengths[b] * dim, 1);
        }
        return ops.mul(embeddings, ops.host().floats(Shape.of(lengths.length, maxLen, dim), keep));
    }
}

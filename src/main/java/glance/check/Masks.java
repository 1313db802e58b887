package glance.check;

import glance.api.FormatException;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.Arrays;
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

    /**
     * The real tokens of each row in front, one behind the other, padded with zeros to the longest.
     *
     * @param all values of [rows, tokens, ...]
     * @param mask for each row whether a token is real
     * @return values of [rows, longest, ...]
     */
    static FloatBuffer inFront(FloatBuffer all, List<int[]> mask) {
        int tokens = mask.get(0).length;
        int dim = all.remaining() / (mask.size() * tokens);
        FloatBuffer kept = FloatBuffer.allocate(mask.size() * longest(mask) * dim);
        for (int b = 0; b < mask.size(); b++) {
            int at = b * longest(mask) * dim;
            for (int token = 0; token < tokens; token++) {
                if (mask.get(b)[token] != 0) {
                    kept.put(at, all, all.position() + (b * tokens + token) * dim, dim);
                    at += dim;
                }
            }
        }
        return kept;
    }

    /** The largest number of real tokens in a row. */
    static int longest(List<int[]> mask) {
        return mask.stream().mapToInt(row -> Arrays.stream(row).sum()).max().orElse(0);
    }

    /** The embeddings [batch, maxLen, dim] with the rows of padding set to zero. */
    static Tensor zeroPadding(Ops ops, Tensor embeddings, int[] lengths) {
        int maxLen = embeddings.dim(1);
        int dim = embeddings.dim(2);
        float[] keep = new float[lengths.length * maxLen * dim];
        for (int b = 0; b < lengths.length; b++) {
            int start = b * maxLen * dim;
            Arrays.fill(keep, start, start + lengths[b] * dim, 1);
        }
        return ops.mul(embeddings, ops.host().floats(Shape.of(lengths.length, maxLen, dim), keep));
    }
}

package glance.model.sd3;

import java.util.Arrays;

/** Token ids brought to a fixed length. */
final class Padded {
    private Padded() {}

    /**
     * The ids, filled up with {@code padId}; of a longer text the first ones and the last, which is
     * the end token.
     */
    static int[] of(int[] ids, int length, int padId) {
        int[] result = Arrays.copyOf(ids, length);
        if (ids.length > length) {
            result[length - 1] = ids[ids.length - 1];
        } else {
            Arrays.fill(result, ids.length, length, padId);
        }
        return result;
    }
}

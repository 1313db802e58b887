package glance.model.text;

import java.util.Arrays;
import java.util.List;

/**
 * Token ids of several texts, padded on the right to one length.
 *
 * @param rows ids of each text with its padding
 * @param lengths number of real ids of each text
 */
public record PaddedTexts(List<int[]> rows, int[] lengths) {
    /** Texts padded to the longest of them, with an id that means nothing. */
    public static PaddedTexts toLongest(List<int[]> texts) {
        return of(texts, texts.stream().mapToInt(row -> row.length).max().orElse(0), 0);
    }

    /**
     * Texts padded to a length; of a longer one the end is cut off.
     *
     * @param padId fills short texts
     */
    public static PaddedTexts of(List<int[]> texts, int length, int padId) {
        int[] lengths = texts.stream().mapToInt(row -> Math.min(row.length, length)).toArray();
        return new PaddedTexts(
                texts.stream().map(row -> padded(row, length, padId)).toList(), lengths);
    }

    private static int[] padded(int[] row, int length, int padId) {
        int[] all = Arrays.copyOf(row, length);
        Arrays.fill(all, Math.min(row.length, length), length, padId);
        return all;
    }

    /** Whether no text has padding. */
    boolean isFull() {
        return Arrays.stream(lengths).allMatch(length -> length == rows.get(0).length);
    }
}

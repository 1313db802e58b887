package glance.model.text;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where pictures stand in texts for Qwen2.5-VL, and the positions of all tokens on the three axes
 * time, height and width. A text counts all three together; the units of a picture count their rows
 * and columns from there, and what follows goes on behind the largest:
 *
 * <pre>
 *   token   a b | 2 x 3 units       | c d
 *   time    0 1 | 2 2 2 2 2 2       | 5 6
 *   height  0 1 | 2 2 2 3 3 3       | 5 6
 *   width   0 1 | 2 3 4 2 3 4       | 5 6
 * </pre>
 *
 * <p>The models were trained with these positions. Diffusers 0.38 to 0.40 with transformers 5 gives
 * all tokens those of plain text, without a word, because it does not tell the encoder which tokens
 * are of pictures ({@code mm_token_type_ids}; diffusers issue 14194): its pictures differ from ours
 * for that reason.
 *
 * @param starts first token of each picture
 * @param pictures units of each picture
 * @param positions [3][length], as far as the longest text goes
 */
record SeenTexts(int[] starts, List<QwenPictures.Units> pictures, int[][] positions) {
    static final int AXES = 3;

    /**
     * Makes room for pictures: the first mark of a text becomes as many as the first picture has
     * units, and so on. Marks beyond the pictures are what a prompt says, and stay.
     *
     * @param ids with one mark for each picture
     * @param mark id that stands for a unit
     */
    static int[] expanded(int[] ids, List<QwenPictures.Units> pictures, int mark) {
        int more = pictures.stream().mapToInt(units -> units.count() - 1).sum();
        int[] result = new int[ids.length + more];
        int at = 0;
        int picture = 0;
        for (int id : ids) {
            int times =
                    id == mark && picture < pictures.size() ? pictures.get(picture++).count() : 1;
            Arrays.fill(result, at, at + times, id);
            at += times;
        }
        if (picture < pictures.size()) {
            throw new IllegalArgumentException(
                    "a text has marks for " + picture + " of " + pictures.size() + " pictures");
        }
        return result;
    }

    /**
     * The pictures in texts that are {@link #expanded}.
     *
     * @param rows ids of each text; they begin alike, up to the end of the last picture
     * @param mark id that stands for a unit
     */
    static SeenTexts of(List<int[]> rows, List<QwenPictures.Units> pictures, int mark) {
        int[] row = rows.get(0);
        int[] starts = new int[pictures.size()];
        int at = 0;
        for (int i = 0; i < starts.length; i++) {
            while (row[at] != mark) {
                at++;
            }
            starts[i] = at;
            at += pictures.get(i).count();
        }
        for (int[] other : rows) {
            if (!Arrays.equals(other, 0, at, row, 0, at)) {
                throw new IllegalArgumentException("texts must begin alike up to their pictures");
            }
        }
        return new SeenTexts(starts, pictures, positions(row.length, starts, pictures));
    }

    private static int[][] positions(int length, int[] starts, List<QwenPictures.Units> pictures) {
        int[][] positions = new int[AXES][length];
        int next = 0;
        int token = 0;
        for (int i = 0; i <= starts.length; i++) {
            int end = i < starts.length ? starts[i] : length;
            while (token < end) {
                for (int[] axis : positions) {
                    axis[token] = next;
                }
                token++;
                next++;
            }
            if (i < starts.length) {
                QwenPictures.Units units = pictures.get(i);
                for (int unit = 0; unit < units.count(); unit++) {
                    positions[0][token] = next;
                    positions[1][token] = next + unit / units.width();
                    positions[2][token++] = next + unit % units.width();
                }
                next += Math.max(units.height(), units.width());
            }
        }
        return positions;
    }

    /**
     * For each token of all texts the row that it is read from, where the rows of the pictures
     * follow those of the texts.
     */
    int[] rows(int texts) {
        int length = positions[0].length;
        int[] rows = IntStream.range(0, texts * length).toArray();
        for (int text = 0; text < texts; text++) {
            int row = texts * length;
            for (int i = 0; i < starts.length; i++) {
                for (int unit = 0; unit < pictures.get(i).count(); unit++) {
                    rows[text * length + starts[i] + unit] = row++;
                }
            }
        }
        return rows;
    }
}

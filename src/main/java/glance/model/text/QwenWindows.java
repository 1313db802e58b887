package glance.model.text;

import java.util.ArrayList;
import java.util.List;

/**
 * The units of a picture, sorted by attention windows, windows of one size after the other. With
 * windows of 2 x 2 units, in a picture of 3 x 5:
 *
 * <pre>
 *   A A | B B | c         A, B    whole windows
 *   A A | B B | c         c       those at the right edge
 *   ----+-----+--         d, e    those at the lower edge
 *   d d | e e | f         f       the corner
 *
 *   order  A A A A B B B B | c c | d d e e | f
 * </pre>
 *
 * The network knows a unit by its position, not by its place, so any order will do; this one needs
 * no padding and at most four products.
 *
 * @param order the unit, counted row by row, that stands at each place
 * @param kinds groups of windows of one size, in this order
 */
record QwenWindows(int[] order, List<Kind> kinds) {
    /**
     * Windows of one size.
     *
     * @param windows how many
     * @param units in each
     */
    record Kind(int windows, int units) {}

    /**
     * Sorts the units of a picture.
     *
     * @param side units of a whole window along a side
     */
    static QwenWindows of(QwenPictures.Units grid, int side) {
        int[] order = new int[grid.count()];
        List<Kind> kinds = new ArrayList<>();
        int at = 0;
        int wholeHeight = grid.height() / side * side;
        int wholeWidth = grid.width() / side * side;
        int[][] bands = {{0, wholeHeight, side}, {wholeHeight, grid.height(), side}};
        for (int[] rows : bands) {
            for (int[] columns :
                    new int[][] {{0, wholeWidth, side}, {wholeWidth, grid.width(), side}}) {
                int windows = 0;
                int before = at;
                for (int top = rows[0]; top < rows[1]; top += side) {
                    for (int left = columns[0]; left < columns[1]; left += side) {
                        windows++;
                        for (int y = top; y < Math.min(top + side, rows[1]); y++) {
                            for (int x = left; x < Math.min(left + side, columns[1]); x++) {
                                order[at++] = y * grid.width() + x;
                            }
                        }
                    }
                }
                if (windows > 0) {
                    kinds.add(new Kind(windows, (at - before) / windows));
                }
            }
        }
        return new QwenWindows(order, List.copyOf(kinds));
    }
}

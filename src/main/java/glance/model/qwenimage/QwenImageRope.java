package glance.model.qwenimage;

import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.nn.RopeTables;
import glance.op.Rope;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.List;

/**
 * Rotary positions of the joint sequence: text, picture, references. Rows and columns of each
 * picture are centred on 0, and references count up on the first axis; text continues on the
 * diagonal after the largest row or column. For a picture of 2 x 4 tokens and 3 text tokens (frame,
 * height, width):
 *
 * <pre>
 *   text    (2,2,2) (3,3,3) (4,4,4)         starts at max(height, width) / 2
 *   image   (0,-1,-2) (0,-1,-1) (0,-1,0) (0,-1,1)
 *           (0, 0,-2) (0, 0,-1) (0, 0,0) (0, 0,1)
 * </pre>
 *
 * Equals QwenEmbedRope with scale_rope. An odd size has its extra position on the negative side.
 */
final class QwenImageRope {
    private static final double THETA = 10000;

    private final RopeTables tables;

    QwenImageRope(QwenImageConfig config) {
        tables =
                new RopeTables(
                        THETA, config.axesDims().stream().mapToInt(Integer::intValue).toArray());
    }

    /** Tables for {@code textLen} text tokens followed by those of all pictures. */
    Rope build(Ops ops, int textLen, Canvas canvas) {
        List<TokenGrid> pictures = new ArrayList<>(List.of(canvas.grid()));
        canvas.references().forEach(reference -> pictures.add(reference.grid()));
        int textStart =
                pictures.stream()
                        .mapToInt(grid -> Math.max(grid.height() / 2, grid.width() / 2))
                        .max()
                        .orElseThrow();
        int[][] rows = new int[textLen + canvas.tokens()][];
        for (int row = 0; row < textLen; row++) {
            rows[row] = new int[] {textStart + row, textStart + row, textStart + row};
        }
        int row = textLen;
        for (int frame = 0; frame < pictures.size(); frame++) {
            TokenGrid grid = pictures.get(frame);
            int top = grid.height() - grid.height() / 2;
            int left = grid.width() - grid.width() / 2;
            for (int token = 0; token < grid.tokens(); token++) {
                rows[row++] =
                        new int[] {frame, token / grid.width() - top, token % grid.width() - left};
            }
        }
        return tables.build(
                ops, rows.length, Rope.Pairing.INTERLEAVED, (at, axis) -> rows[at][axis]);
    }
}

package glance.model.qwenimage;

import glance.nn.RopeTables;
import glance.op.Rope;
import glance.ops.Ops;

/**
 * Rotary positions of the joint sequence, text first. Image rows and columns are centred on 0; text
 * continues on the diagonal after the largest image position. For a picture of 2 x 4 tokens and 3
 * text tokens (frame, height, width):
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

    /** Tables for {@code textLen} text tokens followed by height x width image tokens. */
    Rope build(Ops ops, int textLen, int height, int width) {
        int textStart = Math.max(height / 2, width / 2);
        return tables.build(
                ops,
                textLen + height * width,
                Rope.Pairing.INTERLEAVED,
                (row, axis) -> {
                    if (row < textLen) {
                        return textStart + row;
                    }
                    int token = row - textLen;
                    return switch (axis) {
                        case 0 -> 0;
                        case 1 -> token / width - (height - height / 2);
                        default -> token % width - (width - width / 2);
                    };
                });
    }
}

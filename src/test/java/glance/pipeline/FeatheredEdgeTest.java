package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Drawn;
import java.awt.image.BufferedImage;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FeatheredEdgeTest {
    private static final int FEATHER = 3;

    @Test
    void share_growsInEvenSteps() {
        boolean[] painted = new boolean[8];
        painted[0] = true;
        BufferedImage original = Drawn.image(8, 1, (x, y) -> 0xc80000);
        BufferedImage result = Drawn.image(8, 1, (x, y) -> 0x0000c8);
        BufferedImage pasted = new FeatheredEdge(painted, 8, FEATHER).paste(original, result);
        int[] rgb = pasted.getRGB(0, 0, 8, 1, null, 0, 8);
        assertThat(rgb)
                .containsExactly(
                        0xff0000c8,
                        0xff320096,
                        0xff640064,
                        0xff960032,
                        0xffc80000,
                        0xffc80000,
                        0xffc80000,
                        0xffc80000);
    }

    /** Against the least king's distance to a painted pixel, looked for everywhere. */
    @Property(tries = 200)
    void paste_isByTheNearestPaintedPixel(
            @ForAll @IntRange(min = 1, max = 9) int width,
            @ForAll @Size(min = 1, max = 9) boolean[] row,
            @ForAll @IntRange(max = 80) int step) {
        int height = row.length;
        boolean[] painted = new boolean[width * height];
        for (int i = 0; i < painted.length; i++) {
            painted[i] = row[i / width] && i % (step + 1) == 0;
        }
        BufferedImage original = Drawn.image(width, height, (x, y) -> 0x0000f0);
        BufferedImage result = Drawn.image(width, height, (x, y) -> 0);
        BufferedImage pasted = new FeatheredEdge(painted, width, FEATHER).paste(original, result);
        for (int i = 0; i < painted.length; i++) {
            int distance = FEATHER + 1;
            for (int j = 0; j < painted.length; j++) {
                if (painted[j]) {
                    int across = Math.abs(i % width - j % width);
                    int down = Math.abs(i / width - j / width);
                    distance = Math.min(distance, Math.max(across, down));
                }
            }
            assertThat(pasted.getRGB(i % width, i / width) & 0xff)
                    .isEqualTo(0xf0 * distance / (FEATHER + 1));
        }
    }
}

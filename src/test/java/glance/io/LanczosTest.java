package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class LanczosTest {
    @Test
    void oneColour_staysIt() {
        BufferedImage picture = new BufferedImage(31, 17, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 31 * 17; i++) {
            picture.setRGB(i % 31, i / 31, 0xff1e50dc);
        }
        for (int[] size : new int[][] {{8, 8}, {31, 40}, {64, 64}, {1, 1}}) {
            BufferedImage scaled = Lanczos.scale(picture, size[0], size[1]);
            for (int i = 0; i < size[0] * size[1]; i++) {
                assertThat(scaled.getRGB(i % size[0], i / size[0])).isEqualTo(0xff1e50dc);
            }
        }
    }

    /** Levels by Image.resize of Pillow 12, with Image.Resampling.LANCZOS. */
    @Test
    void rowOfPixels_equalsPillow() {
        int[] row = {0, 0, 255, 255, 10, 200, 0, 90, 255, 0, 30, 60};
        assertThat(levels(row, 5)).containsExactly(62, 192, 74, 124, 36);
        assertThat(levels(row, 20))
                .containsExactly(
                        8, 0, 0, 154, 255, 255, 133, 10, 131, 188, 39, 0, 90, 235, 225, 46, 0, 30,
                        56, 62);
    }

    private static int[] levels(int[] row, int width) {
        BufferedImage picture = new BufferedImage(row.length, 1, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < row.length; x++) {
            picture.setRGB(x, 0, row[x] * 0x010101);
        }
        BufferedImage scaled = Lanczos.scale(picture, width, 1);
        int[] result = new int[width];
        for (int x = 0; x < width; x++) {
            result[x] = scaled.getRGB(x, 0) & 0xff;
        }
        return result;
    }
}

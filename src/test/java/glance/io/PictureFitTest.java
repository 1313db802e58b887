package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureFitTest {
    @ParameterizedTest
    @CsvSource({
        "3000, 2000, 1024, 32, 1024x672",
        "2000, 3000, 1024, 32, 672x1024",
        "64, 64, 64, 8, 64x64",
        "10, 7, 64, 8, 64x40",
        "33, 100, 64, 8, 16x64",
    })
    void longestSide_keepsTheShapeButForTheUnit(
            int width, int height, int side, int unit, String size) {
        assertThat(size(PictureFit.longestSide(side, unit).apply(gradient(width, height))))
                .isEqualTo(size);
    }

    @Test
    void exactly_coversAndCropsAroundTheCentre() {
        BufferedImage wide = gradient(200, 100);
        BufferedImage fitted = PictureFit.exactly(100, 100, 4).apply(wide);
        assertThat(size(fitted)).isEqualTo("100x100");
        for (int x = 0; x < 100; x++) {
            assertThat(fitted.getRGB(x, 50)).isEqualTo(wide.getRGB(x + 50, 50));
        }
    }

    @Test
    void pictureOfTheRightSize_isUnchanged() {
        BufferedImage picture = gradient(64, 32);
        BufferedImage fitted = PictureFit.longestSide(64, 8).apply(picture);
        for (int i = 0; i < 64 * 32; i++) {
            assertThat(fitted.getRGB(i % 64, i / 64)).isEqualTo(picture.getRGB(i % 64, i / 64));
        }
    }

    @Test
    void tooNarrowPicture_isRefused() {
        PictureFit fit = PictureFit.longestSide(64, 8);
        assertThatThrownBy(() -> fit.apply(gradient(1000, 10)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1000 x 10 is too narrow");
    }

    /** To cover 8192 x 16 it would be scaled to 16,000,000 x 16. */
    @Test
    void pictureThatWouldOutgrowTheMemory_isRefused() {
        PictureFit fit = PictureFit.exactly(8192, 16, 16);
        assertThatThrownBy(() -> fit.apply(gradient(1_000_000, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1000000 x 1 is too long and narrow");
    }

    @Test
    void sizeBesideTheUnit_isRefused() {
        assertThatThrownBy(() -> PictureFit.longestSide(60, 8))
                .hasMessageContaining("size 60: must be a positive multiple of 8");
        assertThatThrownBy(() -> PictureFit.exactly(64, 0, 8)).hasMessageContaining("size 0");
    }

    private static String size(BufferedImage picture) {
        return picture.getWidth() + "x" + picture.getHeight();
    }

    private static BufferedImage gradient(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, x * 255 / width << 16 | y * 255 / height << 8 | (x + y) % 256);
            }
        }
        return image;
    }
}

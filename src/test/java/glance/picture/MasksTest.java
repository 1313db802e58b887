package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasksTest {
    @TempDir private Path folder;

    /** A file of four pixels in a row. */
    private Path file(int type, int... pixels) {
        BufferedImage image = new BufferedImage(pixels.length, 1, type);
        image.setRGB(0, 0, pixels.length, 1, pixels, 0, pixels.length);
        Path file = folder.resolve("mask.png");
        Images.writePng(file, image, Map.of());
        return file;
    }

    /** Which pixels of a mask are painted; all others are black. */
    private String painted(byte[] mask) throws Exception {
        BufferedImage image = Images.read(Files.write(folder.resolve("made.png"), mask));
        StringBuilder text = new StringBuilder();
        for (int x = 0; x < image.getWidth(); x++) {
            int rgb = image.getRGB(x, 0) & 0xffffff;
            assertThat(rgb).isIn(0, 0xffffff);
            text.append(rgb == 0 ? '.' : '#');
        }
        return text.toString();
    }

    @Test
    void transparent_isPaintedWhereNothingIsLeft() throws Exception {
        Path mask =
                file(BufferedImage.TYPE_INT_ARGB, 0xffffffff, 0x01ffffff, 0x00ffffff, 0x00000000);
        assertThat(painted(Masks.transparent(mask))).isEqualTo("..##");
        assertThat(Masks.isTransparent(mask)).isTrue();
    }

    @Test
    void transparent_ofAMaskThatPaintsNothing_isRefused() {
        Path opaque = file(BufferedImage.TYPE_INT_RGB, 0xffffff, 0);
        assertThat(Masks.isTransparent(opaque)).isFalse();
        assertThatThrownBy(() -> Masks.transparent(opaque))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is transparent nowhere");
        Path faint = file(BufferedImage.TYPE_INT_ARGB, 0xffffffff, 0x01000000);
        assertThat(Masks.isTransparent(faint)).isFalse();
        assertThatThrownBy(() -> Masks.transparent(faint)).isInstanceOf(FormatException.class);
    }

    @Test
    void strokes_areWhite_orOpaqueOnTransparent() throws Exception {
        Path grey = file(BufferedImage.TYPE_INT_RGB, 0, 0x7f7f7f, 0x808080, 0xffffff);
        assertThat(painted(Masks.strokes(grey, false))).isEqualTo("..##");
        assertThat(painted(Masks.strokes(grey, true))).isEqualTo("##..");
        Path drawn =
                file(BufferedImage.TYPE_INT_ARGB, 0x00ffffff, 0x80ffffff, 0x81000000, 0xff000000);
        assertThat(painted(Masks.strokes(drawn, false))).isEqualTo("..##");
        Path opaque = file(BufferedImage.TYPE_INT_ARGB, 0xff000000, 0xffffffff);
        assertThat(painted(Masks.strokes(opaque, false))).isEqualTo(".#");
    }

    /** Java2D takes grey for linear light and brightens it, other programs do not. */
    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY})
    void strokes_ofAGreyMask_areThoseOfItsOwnLevels(int type) throws Exception {
        BufferedImage image = new BufferedImage(3, 1, type);
        int whole = type == BufferedImage.TYPE_BYTE_GRAY ? 1 : 257;
        int[] levels = {0x40, 0x7f, 0x80};
        for (int x = 0; x < levels.length; x++) {
            image.getRaster().setSample(x, 0, 0, levels[x] * whole);
        }
        Path file = folder.resolve("grey.png");
        Images.writePng(file, image, Map.of());
        assertThat(painted(Masks.strokes(file, false))).isEqualTo("..#");
    }

    @Test
    void strokes_ofAMaskThatIsHardlyTransparent_areItsOpaquePixels() throws Exception {
        Path faint = file(BufferedImage.TYPE_INT_ARGB, 0xff000000, 0xc0ffffff, 0x10ffffff);
        assertThat(painted(Masks.strokes(faint, false))).isEqualTo("##.");
        Path nearly = file(BufferedImage.TYPE_INT_ARGB, 0xfe000000, 0xffffffff);
        assertThat(painted(Masks.strokes(nearly, false))).isEqualTo("##");
    }
}

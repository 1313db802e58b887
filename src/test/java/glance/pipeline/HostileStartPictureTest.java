package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.api.Init;
import glance.fixtures.Drawn;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of any kind as picture and as mask: read as a person sees them, or refused in one line. */
class HostileStartPictureTest {
    @TempDir private Path folder;
    private Path photo;

    @BeforeEach
    void write() {
        photo = Drawn.photo(folder.resolve("photo.png"), 48, 32);
    }

    private Path file(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private void refused(Path file, String message) {
        Function<Path, Init> asPicture = Init::of;
        Function<Path, Init> asMask = path -> Init.of(photo).mask(path);
        for (Init init : new Init[] {asPicture.apply(file), asMask.apply(file)}) {
            assertThatThrownBy(() -> StartPicture.read(init))
                    .isInstanceOf(FormatException.class)
                    .hasMessageStartingWith(file.toString())
                    .hasMessageContaining(message)
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void whatIsNoPicture_isRefused() throws IOException {
        refused(folder.resolve("none.png"), "no such file");
        refused(Files.createDirectory(folder.resolve("folder.png")), "is a folder");
        refused(file("empty.png", new byte[0]), "is not a picture");
        refused(
                file("text.png", "a red circle".getBytes(StandardCharsets.UTF_8)),
                "is not a picture");
    }

    @Test
    void cutPictures_areRefused() throws IOException {
        byte[] png = Files.readAllBytes(photo);
        for (int length : new int[] {9, 30, png.length / 2, png.length - 20}) {
            refused(file("cut.png", Arrays.copyOf(png, length)), "damaged");
        }
        byte[] jpeg = jpeg();
        for (int length : new int[] {3, jpeg.length / 3, jpeg.length - 30}) {
            refused(file("cut.jpg", Arrays.copyOf(jpeg, length)), "damaged");
        }
    }

    /** A few bytes that claim more pixels than there is memory for. */
    @ParameterizedTest
    @CsvSource({"100000, 100000", "2147483647, 1", "16000, 16000", "2147483647, 2147483647"})
    void hugeSizes_areRefusedBeforeTheyTakeMemory(int width, int height) throws IOException {
        byte[] png = Files.readAllBytes(photo);
        ByteBuffer header = ByteBuffer.wrap(png);
        header.putInt(16, width).putInt(20, height);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        header.putInt(29, (int) crc.getValue());
        refused(file("huge.png", png), "pixels, more than");
    }

    @Test
    void transparentAndPale_areLaidOnWhite() throws IOException {
        BufferedImage image = new BufferedImage(48, 32, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0xff000000);
        Path file = folder.resolve("alpha.png");
        ImageIO.write(image, "png", file.toFile());
        assertThat(StartPicture.read(Init.of(file)).picture().image().getRGB(5, 5))
                .isEqualTo(0xffffffff);
        // what is transparent is white, and so it is painted
        boolean[] white =
                StartCanvas.white(StartPicture.read(Init.of(photo).mask(file)).mask().image());
        assertThat(white[0]).isFalse();
        assertThat(white[1]).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_USHORT_GRAY,
                BufferedImage.TYPE_BYTE_BINARY,
                BufferedImage.TYPE_BYTE_INDEXED
            })
    void greyAndPalettes_areRead(int type) throws IOException {
        BufferedImage image = new BufferedImage(48, 32, type);
        image.setRGB(7, 3, 0xffffffff);
        Path file = folder.resolve("grey.png");
        ImageIO.write(image, "png", file.toFile());
        StartPicture start = StartPicture.read(Init.of(file).mask(file));
        assertThat(start.picture().image().getRGB(7, 3)).isEqualTo(0xffffffff);
        boolean[] white = StartCanvas.white(start.mask().image());
        for (int i = 0; i < white.length; i++) {
            assertThat(white[i]).isEqualTo(i == 3 * 48 + 7);
        }
    }

    /**
     * Turned by a quarter, a picture of 48 x 32 takes a mask of 32 x 48, and the other way round.
     */
    @Test
    void orientation_turnsPictureAndMask() throws IOException {
        Path turned = file("turned.jpg", turned(jpeg()));
        Path upright = Drawn.rightOf(folder.resolve("upright.png"), 32, 48, 9);
        StartPicture start = StartPicture.read(Init.of(turned).mask(upright));
        assertThat(start.picture().image().getWidth()).isEqualTo(32);
        Path tall = Drawn.photo(folder.resolve("tall.png"), 32, 48);
        assertThat(StartPicture.read(Init.of(tall).mask(turned)).mask().image().getHeight())
                .isEqualTo(48);
    }

    private byte[] jpeg() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(Drawn.image(48, 32, (x, y) -> x * 5 << 8 | 0xf000f0), "jpeg", bytes);
        return bytes.toByteArray();
    }

    /** With the EXIF orientation 6 after the first marker. */
    private static byte[] turned(byte[] jpeg) {
        byte[] tiff = {
            'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0
        };
        ByteBuffer result = ByteBuffer.allocate(jpeg.length + 10 + tiff.length);
        result.put(jpeg, 0, 2).putShort((short) 0xffe1).putShort((short) (8 + tiff.length));
        result.put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1)).put(tiff);
        return result.put(jpeg, 2, jpeg.length - 2).array();
    }
}

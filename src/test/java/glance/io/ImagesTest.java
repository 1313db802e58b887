package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImagesTest {
    @TempDir Path folder;

    @Test
    void writePng_pixelsAndText_roundTrip() {
        Map<String, String> text = new LinkedHashMap<>();
        text.put("prompt", "a red circle");
        text.put("Negative prompt", "");
        text.put("unicode", "caf\u00e9 \u4f60\u597d \ud83e\udd8a \u2014");
        text.put("lines", "one\ntwo\n\nfour ");
        text.put("unicode lines", "\u00e9ins\nzwei");
        text.put("long", "word ".repeat(50_000));
        text.put("long unicode", "\u4f60".repeat(100_000));
        Path file = folder.resolve("a.png");
        BufferedImage image = picture(33, 17);
        Images.writePng(file, image, text);

        assertThat(Images.readText(file)).isEqualTo(text);
        BufferedImage read = Images.read(file);
        assertThat(pixels(read)).isEqualTo(pixels(image));
    }

    @Test
    void writePng_text_isInTheChunksThatProgramsRead() throws IOException {
        Path file = folder.resolve("a.png");
        Images.writePng(file, picture(2, 2), Map.of("prompt", "plain"));
        assertThat(ascii(file)).contains("tEXtprompt\0plain").doesNotContain("iTXt");
        Images.writePng(file, picture(2, 2), Map.of("prompt", "\u00fcber"));
        assertThat(ascii(file)).contains("iTXtprompt\0\0\0\0\0\u00c3\u00bcber");
    }

    @Test
    void writePng_nulAndLoneSurrogate_becomeReplacementCharacters() {
        Path file = folder.resolve("a.png");
        Images.writePng(file, picture(2, 2), Map.of("a", "x\0y", "b", "x\ud800y"));
        assertThat(Images.readText(file)).isEqualTo(Map.of("a", "x\ufffdy", "b", "x\ufffdy"));
    }

    @Test
    void writePng_noText_readsBackEmpty() {
        Path file = folder.resolve("a.png");
        Images.writePng(file, picture(1, 1), Map.of());
        assertThat(Images.readText(file)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " a", "a ", "a  b", "\u00fc", "a\nb", "a\0"})
    void writePng_badKeyword_isRefusedAndWritesNothing(String keyword) {
        Path file = folder.resolve("a.png");
        assertThatThrownBy(() -> Images.writePng(file, picture(1, 1), Map.of(keyword, "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("keyword");
        assertThat(file).doesNotExist();
    }

    @Test
    void writePng_folderOrMissingParent_isRefusedAndLeavesNothing() {
        assertThatThrownBy(() -> Images.writePng(folder, picture(1, 1), Map.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContainingAll(folder.toString(), "is a folder");
        Path missing = folder.resolve("none/a.png");
        assertThatThrownBy(() -> Images.writePng(missing, picture(1, 1), Map.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContainingAll(missing.toString(), "does not exist");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void read_notAPicture_isRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("a.png"), "not a picture");
        refused(text, "is not a picture in a known format");
        refused(Files.write(folder.resolve("b.png"), new byte[0]), "is not a picture");
        refused(folder.resolve("none.png"), "no such file");
        refused(folder, "is a folder");
    }

    @Test
    void readText_otherFormat_isEmpty() throws IOException {
        Path file = folder.resolve("a.bmp");
        ImageIO.write(picture(2, 2), "bmp", file.toFile());
        assertThat(Images.readText(file)).isEmpty();
        assertThat(Images.read(file).getWidth()).isEqualTo(2);
    }

    @Test
    void jpeg_carriesAComment() throws IOException {
        String comment = "caf\u00e9 \u4f60\u597d \ud83e\udd8a\nSteps: 1";
        Path file = Files.write(folder.resolve("a.jpg"), Images.jpeg(picture(9, 7), comment, 95));
        assertThat(Images.readText(file)).isEqualTo(Map.of(Images.COMMENT, comment));
        assertThat(Images.readUpright(file).getWidth()).isEqualTo(9);
        byte[] small = Images.jpeg(picture(64, 64), "", 10);
        assertThat(small.length).isLessThan(Images.jpeg(picture(64, 64), "", 95).length);
    }

    @Test
    void jpeg_longComment_isRefused() {
        assertThat(Images.fitsJpeg("x".repeat(32_000))).isTrue();
        String comment = "x".repeat(33_000);
        assertThat(Images.fitsJpeg(comment)).isFalse();
        assertThatThrownBy(() -> Images.jpeg(picture(1, 1), comment, 95))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too long for a JPEG");
    }

    @Test
    void read_truncatedAnywhere_isRefused() throws IOException {
        Path file = folder.resolve("a.png");
        Images.writePng(file, picture(31, 29), Map.of("prompt", "some text"));
        byte[] whole = Files.readAllBytes(file);
        int endOfPixels = indexOf(whole, "IEND") - 8;
        for (int length = 0; length < endOfPixels; length += 7) {
            Files.write(file, Arrays.copyOf(whole, length));
            refused(file, "");
        }
    }

    @Test
    void read_flippedBytes_givesAPictureOrARefusal() throws IOException {
        Path file = folder.resolve("a.png");
        Images.writePng(file, picture(9, 7), Map.of("prompt", "some text", "u", "\u00fc"));
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(3);
        for (int i = 0; i < 1000; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            Files.write(file, damaged);
            try {
                assertThat(Images.read(file)).isNotNull();
                assertThat(Images.readText(file)).isNotNull();
            } catch (FormatException e) {
                assertThat(e).hasMessageStartingWith(file + ": ").hasMessageNotContaining("\n");
            }
        }
    }

    @Test
    void read_tooManyPixels_isRefusedBeforeMemoryIsTaken() throws IOException {
        Path file = folder.resolve("a.png");
        Images.writePng(file, picture(2, 2), Map.of());
        byte[] bytes = Files.readAllBytes(file);
        int header = indexOf(bytes, "IHDR");
        ByteBuffer.wrap(bytes).putInt(header + 4, 60_000).putInt(header + 8, 60_000);
        CRC32 crc = new CRC32();
        crc.update(bytes, header, 17);
        ByteBuffer.wrap(bytes).putInt(header + 17, (int) crc.getValue());
        Files.write(file, bytes);
        refused(file, "is 60000 x 60000 pixels");
    }

    private static void refused(Path file, String message) {
        assertThatThrownBy(() -> Images.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message);
    }

    private static BufferedImage picture(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(1);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt() | 0xff000000);
            }
        }
        return image;
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private static String ascii(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static int indexOf(byte[] bytes, String chunk) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(chunk);
    }
}

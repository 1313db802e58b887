package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UprightPictureTest {
    private static final int RED = 0xffd02010;
    private static final int GREEN = 0xff10d020;
    private static final int BLUE = 0xff1020d0;
    private static final int BLOCK = 16;

    @TempDir private Path folder;

    /**
     * The file's corners are red (first), green (end of its first row), blue (end of the first
     * column).
     */
    @ParameterizedTest
    @CsvSource({
        "1, 48x32, top left, top right",
        "2, 48x32, top right, top left",
        "3, 48x32, bottom right, bottom left",
        "4, 48x32, bottom left, bottom right",
        "5, 32x48, top left, bottom left",
        "6, 32x48, top right, bottom right",
        "7, 32x48, bottom right, top right",
        "8, 32x48, bottom left, top left",
        "9, 48x32, top left, top right",
    })
    void orientation_bringsTheFirstRowAndColumnToTheirPlaces(
            int orientation, String size, String red, String green) throws IOException {
        BufferedImage picture = Images.readUpright(jpeg(orientation));
        assertThat(picture.getWidth() + "x" + picture.getHeight()).isEqualTo(size);
        assertThat(dominant(corner(picture, red))).isEqualTo("red");
        assertThat(dominant(corner(picture, green))).isEqualTo("green");
    }

    @Test
    void transparency_isLaidOnWhite() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00ff0000);
        image.setRGB(1, 0, 0x80000000);
        Path file = folder.resolve("a.png");
        ImageIO.write(image, "png", file.toFile());
        BufferedImage read = Images.readUpright(file);
        assertThat(read.getRGB(0, 0)).isEqualTo(0xffffffff);
        assertThat(read.getRGB(1, 0) & 0xff).isBetween(126, 128);
    }

    @Test
    void grayAndPalette_becomeColours() throws IOException {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_BYTE_BINARY}) {
            BufferedImage image = new BufferedImage(3, 2, type);
            image.setRGB(1, 1, 0xffffffff);
            Path file = folder.resolve("a.png");
            ImageIO.write(image, "png", file.toFile());
            BufferedImage read = Images.readUpright(file);
            assertThat(read.getType()).isEqualTo(BufferedImage.TYPE_INT_RGB);
            assertThat(read.getRGB(1, 1)).isEqualTo(0xffffffff);
            assertThat(read.getRGB(0, 0)).isEqualTo(0xff000000);
        }
    }

    @Test
    void webp_isRead() throws IOException {
        Path file = folder.resolve("a.webp");
        Files.write(file, losslessWebp(5, 3, 30, 80, 220));
        BufferedImage read = Images.readUpright(file);
        assertThat(read.getWidth()).isEqualTo(5);
        assertThat(read.getHeight()).isEqualTo(3);
        assertThat(read.getRGB(4, 2)).isEqualTo(0xff1e50dc);
    }

    private Path jpeg(int orientation) throws IOException {
        BufferedImage image = new BufferedImage(3 * BLOCK, 2 * BLOCK, BufferedImage.TYPE_INT_RGB);
        fill(image, 0, 0, RED);
        fill(image, 2 * BLOCK, 0, GREEN);
        fill(image, 0, BLOCK, BLUE);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(image, "jpeg", plain);
        byte[] bytes = plain.toByteArray();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(bytes, 0, 2);
        file.write(exif(orientation));
        file.write(bytes, 2, bytes.length - 2);
        return Files.write(folder.resolve(orientation + ".jpg"), file.toByteArray());
    }

    private static void fill(BufferedImage image, int x, int y, int rgb) {
        for (int i = 0; i < BLOCK * BLOCK; i++) {
            image.setRGB(x + i % BLOCK, y + i / BLOCK, rgb);
        }
    }

    /** An APP1 segment with one tag: 0x0112, a SHORT. */
    private static byte[] exif(int orientation) {
        ByteBuffer segment = ByteBuffer.allocate(36);
        segment.putShort((short) 0xffe1).putShort((short) 34);
        segment.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII));
        segment.put("MM\0*".getBytes(StandardCharsets.US_ASCII)).putInt(8);
        segment.putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1);
        segment.putShort((short) orientation).putShort((short) 0);
        return segment.putInt(0).array();
    }

    private static int corner(BufferedImage picture, String place) {
        int x = place.endsWith("left") ? BLOCK / 2 : picture.getWidth() - BLOCK / 2;
        int y = place.startsWith("top") ? BLOCK / 2 : picture.getHeight() - BLOCK / 2;
        return picture.getRGB(x, y);
    }

    private static String dominant(int rgb) {
        int red = rgb >> 16 & 0xff;
        int green = rgb >> 8 & 0xff;
        int blue = rgb & 0xff;
        if (Math.max(red, Math.max(green, blue)) < 100) {
            return "none";
        }
        return red > green && red > blue ? "red" : green > blue ? "green" : "blue";
    }

    /** One colour: five prefix codes of one symbol each, so that pixels need no bits at all. */
    private static byte[] losslessWebp(int width, int height, int red, int green, int blue) {
        long[] bits = {0, 0};
        int[] at = {0};
        append(bits, at, width - 1, 14);
        append(bits, at, height - 1, 14);
        append(bits, at, 0, 1 + 3); // no alpha, version 0
        append(bits, at, 0, 1 + 1 + 1); // no transform, colour cache or further prefix codes
        for (int symbol : new int[] {green, red, blue, 255}) {
            append(bits, at, 0b101, 3); // a simple code, of one symbol, of eight bits
            append(bits, at, symbol, 8);
        }
        append(bits, at, 0b001, 3); // distances: a simple code, of one symbol, of one bit
        append(bits, at, 0, 1);
        int length = 1 + Long.BYTES * bits.length; // readers fetch some bytes ahead
        int padded = length + length % 2;
        ByteBuffer file = ByteBuffer.allocate(20 + padded).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(12 + padded);
        file.put("WEBPVP8L".getBytes(StandardCharsets.US_ASCII)).putInt(length);
        file.put((byte) 0x2f);
        for (int i = 0; i < length - 1; i++) {
            file.put((byte) (bits[i / 8] >>> 8 * (i % 8)));
        }
        return file.array();
    }

    private static void append(long[] bits, int[] at, int value, int count) {
        for (int i = 0; i < count; i++, at[0]++) {
            bits[at[0] / 64] |= (long) (value >> i & 1) << at[0] % 64;
        }
    }
}

package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureScalingTest {
    @Test
    void oneColour_staysIt() {
        BufferedImage picture = new BufferedImage(31, 17, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 31 * 17; i++) {
            picture.setRGB(i % 31, i / 31, 0xff1e50dc);
        }
        for (int[] size : new int[][] {{8, 8}, {31, 40}, {64, 64}, {1, 1}}) {
            BufferedImage scaled = PictureScaling.LANCZOS.scale(picture, size[0], size[1]);
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

    /** Fingerprints of the bytes that Image.resize of Pillow 12.3 makes, enlarged and reduced. */
    @ParameterizedTest
    @CsvSource({
        "BICUBIC,  37, 23, 28, 56, 45573e4bc3c8648a",
        "BICUBIC, 150, 97, 56, 28, b839a348645bb1b5",
        "BICUBIC,   5,  3, 64, 64, 151cc315f386b9c3",
        "BICUBIC,  64, 64, 64, 17, 71602b026fd23c53",
        "BICUBIC, 200,  1,  3,  9, c41f5c687a081935",
        "LANCZOS,  37, 23, 28, 56, ffbe9147da1a8be8",
        "LANCZOS, 150, 97, 56, 28, 6dbdca389a767338",
        "LANCZOS,   5,  3, 64, 64, 1ea53d3437dfdf88",
        "LANCZOS,  64, 64, 64, 17, 1cfb6ce4df45bbd7",
        "LANCZOS, 200,  1,  3,  9, 70d6537c1edd59ad"
    })
    void noise_equalsPillowToTheBit(
            PictureScaling scaling, int width, int height, int toWidth, int toHeight, String sha)
            throws NoSuchAlgorithmException {
        BufferedImage scaled = scaling.scale(noise(width, height), toWidth, toHeight);
        byte[] bytes = new byte[3 * toWidth * toHeight];
        int at = 0;
        for (int rgb : scaled.getRGB(0, 0, toWidth, toHeight, null, 0, toWidth)) {
            bytes[at++] = (byte) (rgb >> 16);
            bytes[at++] = (byte) (rgb >> 8);
            bytes[at++] = (byte) rgb;
        }
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
        assertThat(HexFormat.of().formatHex(digest)).startsWith(sha);
    }

    /** Levels of a generator that the recorded pictures were made with, too. */
    private static BufferedImage noise(int width, int height) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int state = 12345;
        for (int i = 0; i < width * height; i++) {
            int rgb = 0;
            for (int c = 0; c < 3; c++) {
                state = state * 1103515245 + 12345 & 0x7fffffff;
                rgb = rgb << 8 | state >> 16 & 0xff;
            }
            picture.setRGB(i % width, i / width, rgb);
        }
        return picture;
    }

    private static int[] levels(int[] row, int width) {
        BufferedImage picture = new BufferedImage(row.length, 1, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < row.length; x++) {
            picture.setRGB(x, 0, row[x] * 0x010101);
        }
        BufferedImage scaled = PictureScaling.LANCZOS.scale(picture, width, 1);
        int[] result = new int[width];
        for (int x = 0; x < width; x++) {
            result[x] = scaled.getRGB(x, 0) & 0xff;
        }
        return result;
    }
}

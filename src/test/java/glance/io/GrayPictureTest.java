package glance.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Grey PNGs of every depth; the levels are those of Pillow, laid on white. */
class GrayPictureTest {
    private static final int GRAY = 0;
    private static final int PALETTE = 3;
    private static final int GRAY_ALPHA = 4;
    private static final int[] RAMP = {0, 36, 72, 128, 200, 255};
    private static final int[] ALPHA = {255, 255, 255, 128, 64, 0};

    @TempDir private Path folder;

    @Test
    void alpha_ofEightBits() throws IOException {
        ByteBuffer row = ByteBuffer.allocate(12);
        IntStream.range(0, 6).forEach(i -> row.put((byte) RAMP[i]).put((byte) ALPHA[i]));
        assertThat(levels(PngBytes.row(6, 8, GRAY_ALPHA).end(row.array())))
                .containsExactly(0, 36, 72, 191, 241, 255);
    }

    @Test
    void alpha_ofSixteenBits() throws IOException {
        ByteBuffer row = ByteBuffer.allocate(24);
        for (int i = 0; i < 6; i++) {
            row.putShort((short) (RAMP[i] << 8 | 0x80)).putShort((short) (ALPHA[i] << 8 | 0x10));
        }
        assertThat(levels(PngBytes.row(6, 16, GRAY_ALPHA).end(row.array())))
                .containsExactly(0, 36, 72, 191, 241, 255);
    }

    @Test
    void plain_ofEightAndSixteenBits() throws IOException {
        assertThat(levels(PngBytes.row(6, 8, GRAY).end(eightBits()))).containsExactly(RAMP);
        assertThat(levels(PngBytes.row(6, 16, GRAY).end(sixteenBits()))).containsExactly(RAMP);
    }

    @Test
    void oneTransparentLevel_isWhite() throws IOException {
        int[] expected = {0, 36, 255, 128, 200, 255};
        byte[] level = {0, 72};
        assertThat(levels(PngBytes.row(6, 8, GRAY).chunk("tRNS", level).end(eightBits())))
                .containsExactly(expected);
        byte[] wide = {72, 72};
        assertThat(levels(PngBytes.row(6, 16, GRAY).chunk("tRNS", wide).end(sixteenBits())))
                .containsExactly(expected);
        byte[] beside = {72, 73};
        assertThat(levels(PngBytes.row(6, 16, GRAY).chunk("tRNS", beside).end(sixteenBits())))
                .containsExactly(RAMP);
    }

    @Test
    void fewBits_areSpreadOverAllLevels() throws IOException {
        byte[] two = {0b00_01_10_11};
        assertThat(levels(PngBytes.row(4, 2, GRAY).end(two))).containsExactly(0, 85, 170, 255);
        byte[] four = {0x08, (byte) 0xf3};
        assertThat(levels(PngBytes.row(4, 4, GRAY).end(four))).containsExactly(0, 136, 255, 51);
        byte[] one = {0b0110_0000};
        assertThat(levels(PngBytes.row(3, 1, GRAY).end(one))).containsExactly(0, 255, 255);
        byte[] black = {0, 0};
        assertThat(levels(PngBytes.row(4, 4, GRAY).chunk("tRNS", black).end(four)))
                .containsExactly(255, 136, 255, 51);
        assertThat(levels(PngBytes.row(3, 1, GRAY).chunk("tRNS", black).end(one)))
                .containsExactly(255, 255, 255);
    }

    @Test
    void palette_withTransparency() throws IOException {
        byte[] colours = {0, 0, 0, 36, 36, 36, (byte) 128, (byte) 128, (byte) 128, 10, 10, 10};
        byte[] alpha = {(byte) 255, (byte) 128, 64, 0};
        byte[] row = {0, 1, 2, 3};
        PngBytes png = PngBytes.row(4, 8, PALETTE).chunk("PLTE", colours).chunk("tRNS", alpha);
        int[] levels = levels(png.end(row));
        assertThat(levels).containsExactly(0, 145, 223, 255);
    }

    private static byte[] eightBits() {
        ByteBuffer row = ByteBuffer.allocate(6);
        IntStream.of(RAMP).forEach(level -> row.put((byte) level));
        return row.array();
    }

    private static byte[] sixteenBits() {
        ByteBuffer row = ByteBuffer.allocate(12);
        IntStream.of(RAMP).forEach(level -> row.putShort((short) (level * 257)));
        return row.array();
    }

    private int[] levels(byte[] png) throws IOException {
        BufferedImage read = Images.readUpright(Files.write(folder.resolve("a.png"), png));
        return IntStream.range(0, read.getWidth())
                .map(
                        x -> {
                            int rgb = read.getRGB(x, 0) & 0xffffff;
                            assertThat(rgb % 0x10101).as("grey at " + x).isZero();
                            return rgb & 0xff;
                        })
                .toArray();
    }
}

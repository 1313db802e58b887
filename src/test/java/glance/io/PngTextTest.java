package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PngTextTest {
    private static final byte[] NONE = {};

    @TempDir private Path folder;

    @Test
    void everyKindOfChunk_isRead() throws IOException {
        PngBytes png = PngBytes.row(1, 8, 0);
        png.chunk("tEXt", PngBytes.text("a", NONE, latin("caf\u00e9")));
        png.chunk("zTXt", PngBytes.text("b", new byte[1], PngBytes.deflated(latin("deflated"))));
        png.chunk("iTXt", PngBytes.text("c", latin("\0\0de\0titel\0"), utf8("\u4f60")));
        png.chunk(
                "iTXt",
                PngBytes.text("d", latin("\1\0\0\0"), PngBytes.deflated(utf8("\u00fc\u4f60"))));
        png.chunk("tEXt", PngBytes.text("a", NONE, latin("again")));
        assertThat(text(png))
                .isEqualTo(
                        Map.of(
                                "a", "caf\u00e9",
                                "b", "deflated",
                                "c", "\u4f60",
                                "d", "\u00fc\u4f60"));
    }

    @Test
    void malformedText_isLeftOut() throws IOException {
        PngBytes png = PngBytes.row(1, 8, 0);
        png.chunk("tEXt", latin("no end of the keyword"));
        png.chunk("tEXt", NONE);
        png.chunk("zTXt", latin("a\0"));
        png.chunk("zTXt", latin("b\0\0not deflated"));
        png.chunk("iTXt", latin("c\0"));
        png.chunk("iTXt", latin("d\0\0\0no more ends"));
        png.chunk("tEXt", PngBytes.text("x".repeat(80), NONE, latin("long")));
        png.chunk("tEXt", PngBytes.text("good", NONE, latin("text")));
        assertThat(text(png)).isEqualTo(Map.of("good", "text"));
    }

    @Test
    void manyChunks_takeLittleTime() throws IOException {
        PngBytes png = PngBytes.row(1, 8, 0);
        for (int i = 0; i < 200_000; i++) {
            png.chunk("tEXt", PngBytes.text("k" + i, NONE, latin("v")));
        }
        png.chunk("tEXt", PngBytes.text("seed", NONE, latin("7")));
        Path file = Files.write(folder.resolve("a.png"), png.end(new byte[1]));
        assertTimeout(
                Duration.ofSeconds(5),
                () -> {
                    assertThat(Images.readText(file, "seed"::equals))
                            .isEqualTo(Map.of("seed", "7"));
                    assertThat(Images.readText(file)).hasSize(100);
                    assertThat(Images.readUpright(file).getWidth()).isEqualTo(1);
                });
    }

    @Test
    void textThatUnpacksToMuch_isLeftOut() throws IOException {
        byte[] bomb = PngBytes.deflated(new byte[50_000_000]);
        PngBytes png = PngBytes.row(1, 8, 0);
        png.chunk("zTXt", PngBytes.text("a", new byte[1], bomb));
        png.chunk("iTXt", PngBytes.text("b", latin("\1\0\0\0"), bomb));
        png.chunk("tEXt", PngBytes.text("c", NONE, new byte[(1 << 20) + 1]));
        png.chunk("tEXt", PngBytes.text("d", NONE, latin("text")));
        assertThat(text(png)).isEqualTo(Map.of("d", "text"));
    }

    @Test
    void cutFile_isRefused() throws IOException {
        byte[] whole = PngBytes.row(1, 8, 0).end(new byte[1]);
        for (int length : new int[] {9, 20, whole.length - 1}) {
            Path file = Files.write(folder.resolve("a.png"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Images.readText(file))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContainingAll("a.png", "is cut off after " + length + " bytes");
        }
    }

    private Map<String, String> text(PngBytes png) throws IOException {
        return Images.readText(Files.write(folder.resolve("a.png"), png.end(new byte[1])));
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

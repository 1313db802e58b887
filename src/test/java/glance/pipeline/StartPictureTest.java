package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Init;
import glance.api.Request.Size;
import glance.api.RequestException;
import glance.fixtures.Drawn;
import glance.model.Family;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartPictureTest {
    /** Usual pictures of 64 x 64 in units of 16, two latent pixels each. */
    private static final Family.Geometry GEOMETRY = new Family.Geometry(16, 4, 2, 64);

    @TempDir private Path folder;
    private Path photo;

    @BeforeEach
    void write() {
        photo = Drawn.photo(folder.resolve("photo.png"), 48, 64);
    }

    /** As Python computes {@code int(max(N - min(N * strength, N), 0))}. */
    @ParameterizedTest
    @CsvSource({
        "5, 0.6, 2",
        "5, 0.8, 1",
        "10, 0.7, 3",
        "50, 0.29, 35",
        "5, 0.1, 4",
        "4, 0.3, 2",
        "1, 0.5, 0",
        "20, 1, 0",
        "8, 0.001, 7",
        "50, 0.58, 21"
    })
    void skipped_isThatOfDiffusers(int steps, float strength, int skipped) {
        StartPicture start = StartPicture.read(Init.of(photo).strength(strength));
        assertThat(start.skipped(steps)).isEqualTo(skipped);
    }

    @Test
    void strength_isThatOfTheKindOfStart() {
        assertThat(StartPicture.read(Init.of(photo)).strength()).isEqualTo(0.6f);
        assertThat(StartPicture.read(Init.of(photo).extend(8, 0, 0, 0)).strength()).isEqualTo(1);
        assertThat(StartPicture.read(Init.of(photo).extend(8, 0, 0, 0).strength(0.5f)).strength())
                .isEqualTo(0.5f);
    }

    @ParameterizedTest
    @CsvSource({
        // as it is; cut to the unit; half of the usual area and less; twice and more
        "48, 64, 48x64", "70, 81, 64x80", "40, 40, 64x64", "128, 32, 128x32",
        "300, 200, 80x48", "2000, 20, 640x16", "64, 128, 64x128", "65, 129, 48x96"
    })
    void size_isThePicturesOwnNearTheUsualArea(int width, int height, String size) {
        Path file = Drawn.photo(folder.resolve("a.png"), width, height);
        assertThat(StartPicture.read(Init.of(file)).size(GEOMETRY)).hasToString(size);
    }

    @Test
    void size_countsTheMargins() {
        StartPicture start = StartPicture.read(Init.of(photo).extend(10, 0, 6, 16));
        assertThat(start.size(GEOMETRY)).hasToString("64x80");
    }

    @Test
    void size_isNoLargerThanTheModelHasPositionsFor() {
        Path file = Drawn.photo(folder.resolve("a.png"), 160, 20);
        Family.Geometry limited = new Family.Geometry(16, 4, 2, 64, 100);
        assertThat(StartPicture.read(Init.of(file)).size(limited)).hasToString("96x16");
    }

    @Test
    void whatMakesNoSense_isRefusedInOneLine() {
        Path small = Drawn.rightOf(folder.resolve("small.png"), 64, 48, 3);
        Path black = Drawn.png(folder.resolve("black.png"), 48, 64, (x, y) -> 0x7f7f7f);
        for (float strength : new float[] {0, -0.1f, 1.01f, Float.NaN}) {
            refused(
                    Init.of(photo).strength(strength),
                    "strength " + strength + ": must be more than 0 and at most 1");
        }
        refused(Init.of(photo).extend(0, -8, 0, 0), "extend 0,-8,0,0: must be 0 or more pixels");
        refused(
                Init.of(photo).mask(small),
                "mask " + small + " has 64x48 pixels: it must have the 48x64 of " + photo);
        refused(Init.of(photo).mask(black), "mask " + black + " is black everywhere");
    }

    /** The canvas of the last two would have a negative number of pixels, and none. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "8193, 0, 0, 0",
                "0, 0, 0, 2147483647",
                "2147483647, 2147483647, 2147483647, 0",
                "2147483647, 2147483647, 2147483601, 2147483585"
            })
    void hugeMargins_areRefused(String margins) {
        int[] m = Stream.of(margins.split(", ")).mapToInt(Integer::parseInt).toArray();
        refused(
                Init.of(photo).extend(m[0], m[1], m[2], m[3]),
                "extend " + margins.replace(" ", "") + ": at most 8192 pixels on each side");
    }

    @Test
    void hugeCanvas_isRefused() {
        refused(
                Init.of(photo).extend(8192, 8192, 8192, 8192),
                "extend 8192,8192,8192,8192: the canvas would have more than 134217728 pixels");
    }

    private static void refused(Init init, String message) {
        assertThatThrownBy(() -> StartPicture.read(init))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void key_tellsStartsApart() {
        Path mask = Drawn.rightOf(folder.resolve("mask.png"), 48, 64, 20);
        Path other = Drawn.rightOf(folder.resolve("other.png"), 48, 64, 21);
        Init init = Init.of(photo);
        assertThat(
                        Stream.of(
                                        init,
                                        init.strength(0.7f),
                                        init.mask(mask),
                                        init.mask(other),
                                        init.extend(1, 0, 0, 0),
                                        init.extend(0, 1, 0, 0),
                                        Init.of(mask))
                                .map(start -> StartPicture.read(start).key())
                                .distinct())
                .hasSize(7);
        assertThat(StartPicture.read(init.mask(mask).paste(false)).key())
                .isEqualTo(StartPicture.read(init.mask(mask)).key());
    }

    @Test
    void margins_repeatTheEdge() {
        StartPicture start = StartPicture.read(Init.of(photo).extend(16, 0, 0, 16));
        BufferedImage picture = new StartCanvas(start, new Size(64, 80), GEOMETRY).picture();
        BufferedImage own = start.picture().image();
        assertThat(picture.getRGB(16, 0)).isEqualTo(own.getRGB(0, 0));
        assertThat(picture.getRGB(3, 30)).isEqualTo(own.getRGB(0, 30));
        assertThat(picture.getRGB(40, 79)).isEqualTo(own.getRGB(24, 63));
    }

    @Test
    void masks_takeTheFirstPixelOfALatentPixel() {
        // white from 17 on: the latent pixel of 16 to 23 begins with black
        Path mask = Drawn.rightOf(folder.resolve("mask.png"), 48, 64, 17);
        assertThat(columns(Init.of(photo).mask(mask), 48, 64)).isEqualTo("000111");
        Path exact = Drawn.rightOf(folder.resolve("exact.png"), 48, 64, 16);
        assertThat(columns(Init.of(photo).mask(exact), 48, 64)).isEqualTo("001111");
    }

    @Test
    void margins_paintEveryLatentPixelThatTheyTouch() {
        assertThat(columns(Init.of(photo).extend(10, 0, 6, 0), 64, 64)).isEqualTo("11000001");
        Path mask = Drawn.rightOf(folder.resolve("mask.png"), 48, 64, 40);
        assertThat(columns(Init.of(photo).extend(10, 0, 6, 0).mask(mask), 64, 64))
                .isEqualTo("11000011");
    }

    /** Black is kept, and the margins around it are painted all the same. */
    @Test
    void blackMasks_keepThePictureWithinItsMargins() {
        Path black = Drawn.png(folder.resolve("black.png"), 48, 64, (x, y) -> 0);
        Init init = Init.of(photo).mask(black).extend(16, 0, 0, 0);
        assertThat(columns(init, 64, 64)).isEqualTo("11000000");
    }

    /** The forms of one file are those of its picture, its mask, and its margins. */
    @Test
    void pictureThatIsAMaskToo_isNotMixedUpWithIt() {
        Path both = Drawn.rightOf(folder.resolve("both.png"), 48, 64, 24);
        Init margins = Init.of(both).extend(16, 0, 0, 0);
        assertThat(columns(margins, 64, 64)).isEqualTo("11000000");
        assertThat(columns(margins.mask(both), 64, 64)).isEqualTo("11000111");
        assertThat(columns(Init.of(photo).extend(16, 0, 0, 0).mask(both), 64, 64))
                .isEqualTo("11000111");
        assertThat(columns(margins, 64, 64)).isEqualTo("11000000");
    }

    /** The first row of latent pixels, read from the packed mask of all channels. */
    private static String columns(Init init, int width, int height) {
        float[] mask =
                new StartCanvas(StartPicture.read(init), new Size(width, height), GEOMETRY)
                        .latents();
        StringBuilder row = new StringBuilder();
        for (int x = 0; x < width / 8; x++) {
            float first = mask[x / 2 * 16 + x % 2];
            for (int channel = 1; channel < 4; channel++) {
                assertThat(mask[x / 2 * 16 + channel * 4 + x % 2]).isEqualTo(first);
            }
            row.append((int) first);
        }
        return row.toString();
    }

    @Test
    void masksThatFallBetweenLatentPixels_areRefused() {
        Path dot = Drawn.png(folder.resolve("dot.png"), 48, 64, (x, y) -> x == 3 ? 0xffffff : 0);
        StartCanvas canvas =
                new StartCanvas(
                        StartPicture.read(Init.of(photo).mask(dot)), new Size(48, 64), GEOMETRY);
        assertThatThrownBy(canvas::latents)
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("its white is too small at 48x64");
    }

    @Test
    void paste_keepsThePicturesOwnPixels() {
        Path mask = Drawn.rightOf(folder.resolve("mask.png"), 48, 64, 32);
        BufferedImage result = Drawn.image(48, 64, (x, y) -> 0x808080);
        StartPicture start = StartPicture.read(Init.of(photo).mask(mask));
        BufferedImage pasted = new StartCanvas(start, new Size(48, 64), GEOMETRY).paste(result);
        BufferedImage own = start.picture().image();
        for (int y = 0; y < 64; y++) {
            for (int x = 0; x < 48; x++) {
                if (x < 16) {
                    assertThat(pasted.getRGB(x, y)).isEqualTo(own.getRGB(x, y));
                } else if (x >= 32) {
                    assertThat(pasted.getRGB(x, y)).isEqualTo(result.getRGB(x, y));
                }
            }
        }
        StartPicture left = StartPicture.read(Init.of(photo).mask(mask).paste(false));
        assertThat(new StartCanvas(left, new Size(48, 64), GEOMETRY).paste(result))
                .isSameAs(result);
    }
}

package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.api.RequestException;
import glance.io.Config;
import java.awt.image.BufferedImage;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QwenPicturesTest {
    /** By smart_resize of transformers with the published bounds. */
    @ParameterizedTest
    @CsvSource({
        "150, 200, 5, 7",
        "112, 84, 4, 3",
        "1024, 1024, 37, 37",
        "70, 70, 2, 2",
        "42, 98, 2, 4",
        "1, 1, 2, 2",
        "10, 400, 1, 13",
        "8000, 6000, 147, 110"
    })
    void units_equalTheReference(int width, int height, int columns, int rows) {
        QwenPictures published = QwenPictures.of(Config.EMPTY);
        assertThat(published.units(width, height)).isEqualTo(new QwenPictures.Units(rows, columns));
    }

    @Test
    void units_ofALine_isRefusedInOneLine() {
        assertThatThrownBy(() -> QwenPictures.of(Config.EMPTY).units(4, 900))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("4x900")
                .hasMessageContaining("crop it");
    }

    /** Newer files nest the bounds and call them edges, although they are areas. */
    @Test
    void of_newerLayout_readsTheSame() {
        Config old = Config.EMPTY.with(Map.of("min_pixels", 784, "max_pixels", 7840));
        Config text =
                Config.parse(
                        null, null, "{\"size\": {\"shortest_edge\": 784, \"longest_edge\": 7840}}");
        assertThat(QwenPictures.of(text)).isEqualTo(QwenPictures.of(old));
    }

    @Test
    void of_otherFilter_isRefusedByItsKey() {
        assertThatThrownBy(() -> QwenPictures.of(Config.EMPTY.with(Map.of("resample", 2))))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("resample");
    }

    /** A patch holds its pixels channel by channel, each frame the same. */
    @Test
    void patches_channelsAndFrames_oneAfterTheOther() {
        BufferedImage picture = new BufferedImage(56, 56, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(15, 2, 0xff0000); // second patch of the first unit, row 2, column 1
        QwenPictures.Patches patches = QwenPictures.of(Config.EMPTY).patches(picture);
        int patch = 3 * 2 * 14 * 14;
        int pixel = patch + 2 * 14 + 1;
        float red = (float) ((1 - 0.48145466) / 0.26862954);
        assertThat(patches.values()[pixel]).isEqualTo(red);
        assertThat(patches.values()[pixel + 14 * 14]).isEqualTo(red);
        assertThat(patches.values()[pixel + 2 * 14 * 14])
                .isEqualTo((float) (-0.4578275 / 0.26130258));
    }
}

package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureSizeTest {
    @Test
    void text_isWidthThenHeight() {
        assertThat(PictureSize.parse("1024x768")).isEqualTo(new PictureSize(1024, 768));
        assertThat(PictureSize.parse("64X32")).hasToString("64x32");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "64", "64x", "x64", "-64x64", "64x64x3", "9999999x1", "6.4x64"})
    void otherForms_areRefused(String text) {
        assertThatThrownBy(() -> PictureSize.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "size '" + text + "': expected WIDTHxHEIGHT in pixels, such as 1024x768");
    }

    @Test
    void sidesOfNoPixels_areRefused() {
        assertThatThrownBy(() -> PictureSize.parse("0x64"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("size '0x64': sides must be 1 or more");
    }
}

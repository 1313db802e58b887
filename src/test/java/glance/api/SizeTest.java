package glance.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Request.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SizeTest {
    @Test
    void text_isWidthThenHeight() {
        assertThat(Size.parse("1024x768")).isEqualTo(new Size(1024, 768));
        assertThat(Size.parse("64X32")).hasToString("64x32");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "64", "64x", "x64", "-64x64", "64x64x3", "9999999x1", "6.4x64"})
    void otherForms_areRefused(String text) {
        assertThatThrownBy(() -> Size.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "size '" + text + "': expected WIDTHxHEIGHT in pixels, such as 1024x768");
    }

    @Test
    void sidesOfNoPixels_areRefused() {
        assertThatThrownBy(() -> Size.parse("0x64"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("size '0x64': sides must be 1 or more");
    }
}

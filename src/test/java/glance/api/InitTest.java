package glance.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Init.Margins;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InitTest {
    private static final Path PHOTO = Path.of("photo.png");

    @Test
    void equal_ifTheySayTheSame() {
        Init init = Init.of(PHOTO);
        List<Init> different =
                List.of(
                        init,
                        Init.of(Path.of("other.png")),
                        init.strength(0.6f),
                        init.strength(0.7f),
                        init.mask(Path.of("mask.png")),
                        init.extend(1, 2, 3, 4),
                        init.extend(4, 3, 2, 1),
                        init.paste(false));
        assertThat(different).doesNotHaveDuplicates();
        Init all = init.strength(0.5f).mask(PHOTO).extend(1, 2, 3, 4).paste(false);
        Init again =
                Init.of(Path.of("photo.png"))
                        .paste(false)
                        .extend(new Margins(1, 2, 3, 4))
                        .mask(PHOTO)
                        .strength(0.5f);
        assertThat(again).isEqualTo(all).hasSameHashCodeAs(all);
        assertThat(init.equals((Object) PHOTO)).isFalse();
    }

    @Test
    void text_isWhatWasSaid() {
        assertThat(Init.of(PHOTO)).hasToString("photo.png");
        assertThat(
                        Init.of(PHOTO)
                                .strength(0.5f)
                                .mask(Path.of("mask.png"))
                                .extend(1, 2, 3, 4)
                                .paste(false))
                .hasToString("photo.png, strength 0.5, mask mask.png, extend 1,2,3,4, not pasted");
    }

    @Test
    void margins_areReadAsTheyAreWritten() {
        assertThat(Margins.parse(" 256,0,-8,1 ")).isEqualTo(new Margins(256, 0, -8, 1));
        assertThat(Margins.parse("256,0,-8,1")).hasToString("256,0,-8,1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1,2", "1,2,3,4,5", "1,2,3,", "1.5,0,0,0", "2147483647,0,0,0"})
    void otherForms_areRefused(String text) {
        assertThatThrownBy(() -> Margins.parse(text))
                .isInstanceOf(RequestException.class)
                .hasMessage(
                        "margins '"
                                + text
                                + "': expected LEFT,TOP,RIGHT,BOTTOM in pixels, such as"
                                + " 256,0,256,0");
    }
}

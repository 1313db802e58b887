package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Init.Margins;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordedStartTest {
    private static RecordedStart parse(String extend) {
        Map<String, String> text = new HashMap<>(Map.of("init", "abc a.png", "strength", "0.5"));
        if (extend != null) {
            text.put("extend", extend);
        }
        return RecordedStart.parse(text).orElseThrow();
    }

    @Test
    void margins_areFourNumbersOrNone() {
        assertThat(parse("8,0,4,16").extension()).isEqualTo(new Margins(8, 0, 4, 16));
        assertThat(parse(null).extension()).isEqualTo(Margins.NONE);
    }

    /** Numbers near 2^31 are no margins, but somebody's attempt to make sums overflow. */
    @ParameterizedTest
    @ValueSource(
            strings = {"2147483647,0,2147483647,0", "1,2,3", "1,2,3,4,5", "a,0,0,0", "1e9,0,0,0"})
    void otherMargins_areRefused(String extend) {
        assertThatThrownBy(() -> parse(extend))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("margins '" + extend + "': expected LEFT,TOP,RIGHT,BOTTOM");
    }
}

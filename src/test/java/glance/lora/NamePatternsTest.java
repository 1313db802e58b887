package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.io.Config;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamePatternsTest {
    /** As re.match(r"(.*\.)?(KEY)$", NAME) of Python decides. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "to_q, a.to_q, true",
                "to_q, to_q, true",
                "to_q, a.not_to_q, false",
                "to_q, a.to_q.b, false",
                "^to_q, to_q, true",
                "^to_q, a.to_q, false",
                "^a.to_q, a.to_q, true",
                "\"a\\.\\d+\\.to_q\", x.a.12.to_q, true",
                "\"a\\.\\d+\\.to_q\", x.a.b.to_q, false",
                "to_(q|k), a.to_k, true",
                "to_q|to_k, a.to_k, true",
                "\".*single.*\", x.single_1.to_k, true",
                "(?!b)..to_q, b.to_q, false",
                "(?!b)..to_q, c.to_q, true",
            })
    void value_matchesAsPeftDoes(String key, String name, boolean matches) {
        assertThat(patterns("{\"" + key.replace("\\", "\\\\") + "\": 3}").value(name).isPresent())
                .isEqualTo(matches);
    }

    @Test
    void value_isThatOfTheFirstKeyThatMatches() {
        NamePatterns patterns = patterns("{\"a.to_q\": 1, \"to_q\": 2, \".*\": 3}");
        assertThat(patterns.value("a.to_q")).contains(1.0);
        assertThat(patterns.value("b.to_q")).contains(2.0);
        assertThat(patterns.value("b.to_k")).contains(3.0);
    }

    @Test
    void badKeys_areRefusedByName() {
        assertThatThrownBy(() -> patterns("{\"a(\": 1}"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("alpha_pattern.a(: is not a regular expression");
        assertThatThrownBy(() -> patterns("{\"a\": \"x\"}"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("alpha_pattern.a: expected a number");
    }

    /** A backtracking matcher would try all ways to split the name, for years. */
    @Test
    void endlessKey_isRefused() {
        String name = "a".repeat(400);
        assertThatThrownBy(() -> patterns("{\".*.*.*.*.*.*.*b\": 1}").value(name))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("takes too many tries");
    }

    private static NamePatterns patterns(String json) {
        return new NamePatterns(Config.parse(null, "alpha_pattern", json));
    }
}

package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.RequestException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ColumnsTest {
    @Test
    void values_asNumbersOrTexts_areTheSame() {
        Columns numbers = Columns.parse("{\"seed\": 7, \"guidance\": 2.5, \"steps\": 3}");
        Columns texts =
                Columns.parse("{\"seed\": \"7\", \"guidance\": \"2.5\", \"steps\": \" 3\"}");
        for (Columns row : new Columns[] {numbers, texts}) {
            assertThat(row.seed("seed")).isEqualTo(7);
            assertThat(row.number("guidance")).isEqualTo(2.5f);
            assertThat(row.count("steps")).isEqualTo(3);
        }
    }

    @Test
    void seed_ofAllBits_keepsThem() {
        Columns row = Columns.parse("{\"seed\": 18446744073709551615}");
        assertThat(row.seed("seed")).isEqualTo(-1L);
    }

    @Test
    void values_emptyOrMissing_areNone() {
        Columns row = Columns.parse("{\"a\": \" \", \"b\": null}");
        assertThat(row.text("a")).isNull();
        assertThat(row.seed("b")).isNull();
        assertThat(row.number("c")).isNull();
        assertThat(row.structured("a")).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"seed\": -1} | seed: must be a whole number from 0 to 2^64 - 1, got -1",
                "{\"seed\": 18446744073709551616} | seed: must be a whole number from 0",
                "{\"seed\": 1.5} | seed: must be a whole number from 0 to 2^64 - 1, got 1.5",
                "{\"seed\": [1]} | seed: must be a text, got [1]",
            })
    void seed_thatIsNone_isRefused(String json, String message) {
        assertThatThrownBy(() -> Columns.parse(json).seed("seed"))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "no json | the row is not JSON",
                "{} {} | the row is not JSON",
                "[1] | the row is no JSON object such as {\"prompt\": \"a red circle\"}: [1]",
                "`` | the row is no JSON object",
            })
    void row_thatIsNoObject_isRefused(String json, String message) {
        assertThatThrownBy(() -> Columns.parse(json))
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void defaults_countWhereARowHasNone() {
        Columns row = Columns.parse("{\"a\": \"1\", \"b\": \"\"}").or("{\"a\": 2, \"b\": 3}");
        assertThat(row.count("a")).isEqualTo(1);
        assertThat(row.count("b")).isEqualTo(3);
    }

    @Test
    void columns_withoutAMeaning_areNamedAndKept() {
        Columns row = Columns.parse("{\"prompt\": \"x\", \"mood\": {\"calm\": 1}}");
        assertThat(row.unknown(Set.of("prompt"))).containsExactly("mood");
        assertThat(row.others(Set.of("prompt"))).isEqualTo("{\"mood\":{\"calm\":1}}");
        assertThat(row.others(Set.of("prompt", "mood"))).isNull();
    }
}

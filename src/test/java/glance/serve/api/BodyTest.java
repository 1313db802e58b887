package glance.serve.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.Json;
import glance.serve.http.HttpProblem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BodyTest {
    private static Body body(String value) throws Exception {
        return new Body(Json.MAPPER.readTree("{\"paste\": " + value + "}"));
    }

    @ParameterizedTest
    @CsvSource({
        "true, true",
        "'\"True\"', true",
        "'\"TRUE\"', true",
        "'\"1\"', true",
        "1, true",
        "false, false",
        "'\"False\"', false",
        "'\"0\"', false",
        "0, false"
    })
    void choice_isReadAsClientsWriteIt(String value, boolean want) throws Exception {
        assertThat(body(value).choice("paste")).isEqualTo(want);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"on\"", "\"yes\"", "2", "\"\\u0131\""})
    void choice_ofAnyOtherWord_isRefused(String value) {
        assertThatThrownBy(() -> body(value).choice("paste"))
                .isInstanceOf(HttpProblem.class)
                .hasMessage("paste: must be true or false");
    }

    @Test
    void choice_thatIsNotThere_isNone() throws Exception {
        assertThat(body("null").choice("paste")).isNull();
        assertThat(body("\"\"").choice("paste")).isNull();
        assertThat(body("null").flag("paste")).isFalse();
    }
}

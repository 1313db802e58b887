package glance.model.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.io.Config;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DitClassesTest {
    private static final String NAMED =
            "{\"id2label\": {\"0\": \"tench, Tinca tinca\", \"1\": \"crane\", \"2\": \"crane\"}}";

    private static DitClasses classes(String json) {
        return new DitClasses(Config.parse(null, null, json), 3);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "2, 2", "tench, 0", "Tinca tinca, 0", "TENCH, 0", "' crane ', 2", "'', 3"})
    void find_numberNameOrNothing_isTheClass(String text, int want) {
        assertThat(classes(NAMED).find(text)).isEqualTo(want);
    }

    @Test
    void find_unknownName_suggestsSimilarOnes() {
        assertThatThrownBy(() -> classes(NAMED).find("tinc"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "class 'tinc': this model draws 3 classes, by number (0 to 2) or name,"
                                + " such as Tinca tinca");
    }

    @ParameterizedTest
    @CsvSource({"3", "-1", "tench", "99999999999"})
    void find_withoutNames_knowsNumbersOnly(String text) {
        assertThatThrownBy(() -> classes("{}").find(text))
                .hasMessageContaining("by number (0 to 2); its folder has no names for them");
    }

    @Test
    void names_ofAClassThatTheModelLacks_areRefused() {
        assertThatThrownBy(() -> classes("{\"id2label\": {\"3\": \"dog\"}}"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("id2label: has the key '3', expected 0 to 2");
    }
}

package glance.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ParametersTextTest {
    @Test
    void text_readsBack() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("Steps", "10");
        values.put("Model", "a, b: \"c\"\n\\");
        values.put("Empty", "");
        values.put("Size", "64x64");
        ParametersText text = new ParametersText("a cat\non a chair", "blue\nred", values);
        assertThat(ParametersText.parse(text.text())).isEqualTo(text);
    }

    @Test
    void promptAlone_hasNoValues() {
        ParametersText text = ParametersText.parse("a cat: the Steps: of 3, 4\n");
        assertThat(text.prompt()).isEqualTo("a cat: the Steps: of 3, 4");
        assertThat(text.negative()).isEmpty();
        assertThat(text.values()).isEmpty();
    }

    @Test
    void valuesAlone_haveAnEmptyPrompt() {
        ParametersText text = ParametersText.parse("Negative prompt: x\r\nSteps: 3, Seed: 7");
        assertThat(text.prompt()).isEmpty();
        assertThat(text.negative()).isEqualTo("x");
        assertThat(text.values()).containsExactly(Map.entry("Steps", "3"), Map.entry("Seed", "7"));
    }

    @Test
    void malformedValues_areReadAsFarAsTheyGo() {
        String[] texts = {
            "Steps: \"open, Seed: 7",
            "Steps: \"\\",
            "Steps:",
            "Steps: 3,,,:",
            "Steps: \"a\"b, Seed: 7"
        };
        for (String text : texts) {
            assertThat(ParametersText.parse(text).values()).as(text).containsKey("Steps");
        }
        assertThat(ParametersText.parse("Steps: " + ",:\"".repeat(300_000)).prompt()).isEmpty();
    }
}

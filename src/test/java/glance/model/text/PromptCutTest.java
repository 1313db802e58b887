package glance.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PromptCutTest {
    @Test
    void of_insideAWord_losesTheWholeWord() {
        String text = "a red circle and a yellow house";
        assertThat(PromptCut.of("T5", 8, 512, 3, text, text.indexOf("llow")).lost())
                .isEqualTo("yellow house");
        assertThat(PromptCut.of("T5", 8, 512, 3, text, text.indexOf("house")).lost())
                .isEqualTo("house");
    }

    @Test
    void of_textWithoutSpaces_losesWhatIsBehind() {
        assertThat(PromptCut.of("T5", 8, 512, 3, "红色的圆圈", 3).lost()).isEqualTo("圆圈");
    }

    @Test
    void toString_namesEncoderLimitWordsAndTheOption() {
        assertThat(new PromptCut("T5", 256, 512, 3, "a yellow house"))
                .hasToString(
                        "T5 reads 256 tokens and does not see the last 3: 'a yellow house';"
                                + " --max-prompt-tokens 259 makes it read all");
        assertThat(new PromptCut("T5", 256, 512, 600, "x"))
                .hasToString(
                        "T5 reads 256 tokens and does not see the last 600: 'x';"
                                + " --max-prompt-tokens 512 makes it read more");
        assertThat(new PromptCut("CLIP", 77, 77, 3, "x"))
                .hasToString(
                        "CLIP reads 77 tokens and does not see the last 3: 'x';"
                                + " it cannot read more, so say the important things first");
    }

    @Test
    void toString_longText_isItsFirstAndLastWordsInOneLine() {
        String lost =
                "behind it a forest\nof \u001b[31mtall trees " + "word ".repeat(900) + "the end";
        assertThat(new PromptCut("T5", 256, 512, 900, lost).toString())
                .contains("'behind it a forest of [31mtall ... ")
                .contains(" word the end'")
                .doesNotContain("\n", "\u001b")
                .hasSizeLessThan(200);
    }
}

package glance.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PrintableTextTest {
    @Test
    void line_leavesNothingThatSteersATerminal() {
        assertThat(PrintableText.line("a\u001b[31mb\nc\u009bd\u202ee\u2028f\0\u007f"))
                .isEqualTo("a?[31mb?c?d?e?f??");
        assertThat(PrintableText.line("caf\u00e9 \u4f60 \ud83e\udd8a"))
                .isEqualTo("caf\u00e9 \u4f60 \ud83e\udd8a");
    }

    @Test
    void quoted_isCut() {
        assertThat(PrintableText.quoted("x".repeat(200_000))).isEqualTo("x".repeat(160) + "...");
        assertThat(PrintableText.quoted("x".repeat(160))).isEqualTo("x".repeat(160));
    }

    @Test
    void some_namesTheFirstAndCountsTheRest() {
        assertThat(PrintableText.some(List.of("a", "b\u001b"), 2)).isEqualTo("a, b?");
        assertThat(PrintableText.some(List.of("a", "b", "c", "d"), 2)).isEqualTo("a, b and 2 more");
        assertThat(PrintableText.some(List.of(), 2)).isEmpty();
    }
}

package glance.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NamesTest {
    private static final String HASH = Names.hash("anything");

    @Test
    void id_comesBeforeTheHash_withoutWhatFilesMayNotHave() {
        assertThat(Names.of(null, HASH)).isEqualTo(HASH);
        assertThat(Names.of("../a b/c", HASH)).isEqualTo("a-b-c-" + HASH);
        assertThat(Names.of("_.", HASH)).isEqualTo(HASH);
    }

    @Test
    void id_thatIsLong_endsWithAWholeCharacter() {
        assertThat(Names.of("x".repeat(300), HASH)).isEqualTo("x".repeat(100) + "-" + HASH);
        // 3 bytes each, and 4 bytes each in two chars
        assertThat(Names.of("\u753b".repeat(300), HASH))
                .isEqualTo("\u753b".repeat(33) + "-" + HASH);
        assertThat(Names.of("ab" + "\ud840\udc00".repeat(300), HASH))
                .isEqualTo("ab" + "\ud840\udc00".repeat(24) + "-" + HASH);
        assertThat(Names.of("\u753b".repeat(300), HASH).getBytes(StandardCharsets.UTF_8))
                .hasSizeLessThan(255);
    }
}

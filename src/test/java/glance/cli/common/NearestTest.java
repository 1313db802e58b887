package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    private static final List<String> COMMANDS =
            List.of("generate", "compare", "train", "info", "lora", "check", "bench", "devices");

    @ParameterizedTest
    @CsvSource({
        "generat, generate",
        "genreate, generate",
        "gen, generate",
        "trian, train",
        "inof, info",
        "device, devices",
        "chek, check",
    })
    void textNearAName_findsIt(String text, String name) {
        assertThat(Nearest.of(text, COMMANDS)).contains(name);
    }

    @ParameterizedTest
    @CsvSource({"help", "xyz", "draw", "picture", "a", "rain-forest"})
    void textNearNone_findsNone(String text) {
        assertThat(Nearest.of(text, COMMANDS)).isEmpty();
    }

    @Test
    void hyphensOfOptions_doNotCount() {
        assertThat(Nearest.of("-seed", List.of("--seed", "--size"))).contains("--seed");
        assertThat(Nearest.of("--foo", List.of("--out", "--lora"))).isEmpty();
    }

    @Test
    void distance_countsAddedLeftOutReplacedAndSwapped() {
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
        assertThat(Nearest.distance("seed", "seeds")).isEqualTo(1);
        assertThat(Nearest.distance("seed", "sede")).isEqualTo(1);
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Nearest.distance("same", "same")).isZero();
    }

    @Test
    void aTextOfAMillionCharacters_isFarFromAll() {
        assertThat(Nearest.of("x".repeat(1_000_000), COMMANDS)).isEmpty();
    }
}

package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.api.Outcome;
import glance.api.SceneScore;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairedTest {
    private static Outcome outcome(int prompt, long seed, boolean right) {
        SceneScore score = new SceneScore(true, true, right, true, null);
        return new Outcome("run", prompt, seed, 1, 2, 1, null, score);
    }

    @Test
    void of_countsPicturesOfTheSamePromptAndSeed() {
        List<Outcome> run =
                List.of(
                        outcome(0, 1, true),
                        outcome(0, 2, true),
                        outcome(1, 1, false),
                        outcome(1, 2, true),
                        outcome(9, 9, true));
        List<Outcome> other =
                List.of(
                        outcome(1, 2, true),
                        outcome(1, 1, true),
                        outcome(0, 2, false),
                        outcome(0, 1, false));
        assertThat(Paired.of(run, other)).isEqualTo(new Paired(2, 1));
    }

    @Test
    void of_picturesWithoutScenes_isEven() {
        Outcome plain = new Outcome("run", 0, 1, 1, 2, 1, null, null);
        assertThat(Paired.of(List.of(plain), List.of(outcome(0, 1, true))))
                .isEqualTo(new Paired(0, 0));
    }

    /** The values are those of the binomial distribution, such as 2 (1 + 10) / 1024 for 9 to 1. */
    @ParameterizedTest
    @CsvSource({
        "0, 0, 1",
        "1, 0, 1",
        "5, 0, 0.0625",
        "9, 1, 0.021484375",
        "1, 9, 0.021484375",
        "4, 4, 1",
        "15, 2, 0.0023498535"
    })
    void p_isThatOfTheSignTest(int won, int lost, double expected) {
        assertThat(new Paired(won, lost).p()).isCloseTo(expected, within(1e-9));
    }

    @Test
    void p_ofManyPictures_isStillANumber() {
        assertThat(new Paired(3000, 0).p()).isLessThan(1e-300);
        assertThat(new Paired(2000, 2000).p()).isCloseTo(1, within(1e-9));
    }
}

package glance.model.flux2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Flux2MuTest {
    /** The values that the reference recorded in flow-match-schedule-2. */
    @ParameterizedTest
    @CsvSource({
        "4096, 4, 2.291179894115571",
        "4096, 50, 2.0233511571292637",
        "4080, 10, 2.254847615792",
        "8192, 8, 1.8433265"
    })
    void at_equalsTheReference(int tokens, int steps, double mu) {
        assertThat(new Flux2Mu().at(tokens, steps)).isCloseTo(mu, within(1e-12));
    }
}

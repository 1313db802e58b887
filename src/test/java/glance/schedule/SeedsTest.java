package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeedsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "42",
                "9223372036854775807",
                "9223372036854775808",
                "18446744073709551615"
            })
    void everySeed_isReadAndWrittenAsItIs(String text) {
        assertThat(Seeds.text(Seeds.parse(text))).isEqualTo(text);
        assertThat(Seeds.number(Seeds.parse(text))).isEqualTo(new BigInteger(text));
    }

    @Test
    void countingUp_goesFromTheLastToZero() {
        assertThat(Seeds.text(Seeds.parse("9223372036854775807") + 1))
                .isEqualTo("9223372036854775808");
        assertThat(Seeds.text(Seeds.parse("18446744073709551615") + 1)).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "-1", "18446744073709551616", "1e3", "7.0", "0x7", "seven"})
    void anythingElse_isRefused(String text) {
        assertThatThrownBy(() -> Seeds.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("'" + text + "' is not a whole number from 0 to 18446744073709551615");
    }

    @Test
    void noise_isThatOfTheLower32Bits() {
        assertThat(new SeededNoise(Seeds.parse("18446744073709551615")).normal(20))
                .isEqualTo(new SeededNoise(0xffffffffL).normal(20))
                .isNotEqualTo(new SeededNoise(0).normal(20));
    }
}

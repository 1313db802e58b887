package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1.0 KiB",
        "1048575, 1.0 MiB",
        "13751680, 13.1 MiB",
        "85899345920, 80.0 GiB",
        "9223372036854775807, 8388608.0 TiB"
    })
    void bytes_areReadable(long bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"999, 999", "1000, 1.0 K", "999999, 1.0 M", "20430401088, 20.4 B"})
    void counts_areReadable(long count, String text) {
        assertThat(Units.count(count)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0.4211, 0.42 s", "59.6, 60 s", "200, 3 min 20 s", "7505, 2 h 5 min"})
    void seconds_areReadable(double seconds, String text) {
        assertThat(Units.seconds(seconds)).isEqualTo(text);
    }

    @Test
    void plurals_areEnglish() {
        assertThat(Units.plural(1, "step")).isEqualTo("1 step");
        assertThat(Units.plural(10, "step")).isEqualTo("10 steps");
        assertThat(Units.plural(20, "forward pass")).isEqualTo("20 forward passes");
    }

    @Test
    void negativeBytes_areShownAsTheyAre() {
        assertThat(Units.bytes(-1)).isEqualTo("-1 B");
    }
}

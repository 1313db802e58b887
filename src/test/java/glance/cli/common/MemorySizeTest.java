package glance.cli.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
    @ParameterizedTest
    @CsvSource({
        "12GB, 12000000000",
        "12 gib, 12884901888",
        "11.5G, 12348030976",
        "800MB, 800000000",
        "1MiB, 1048576"
    })
    void size_isRead(String text, long bytes) {
        assertThat(MemorySize.parse("--memory", text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "12", "GB", "-1GB", "0GB", "1e3GB", "12KB", "12 GB free"})
    void otherText_isRefused(String text) {
        assertThatThrownBy(() -> MemorySize.parse("--memory", text))
                .isInstanceOf(WrongUseException.class)
                .hasMessageStartingWith("--memory " + text + ": expected a size such as 12GB");
    }

    @Test
    void sizeBeyondAllMachines_isStillANumber() {
        assertThat(MemorySize.parse("--memory", "999999999GiB")).isPositive();
    }
}

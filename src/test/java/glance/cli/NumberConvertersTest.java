package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

class NumberConvertersTest {
    @Command(name = "numbers")
    private static final class Numbers {
        @Option(names = "--int")
        private int whole;

        @Option(names = "--integer")
        private Integer wholeOrNone;

        @Option(names = "--float")
        private Float single;

        @Option(names = "--double")
        private double twice;
    }

    private final Numbers numbers = new Numbers();

    private void parse(String... args) {
        CommandLine command = new CommandLine(numbers);
        NumberConverters.register(command);
        command.parseArgs(args);
    }

    @Test
    void numbers_areReadAsPeopleWriteThem() {
        parse("--int", "-7", "--integer=+2147483647", "--float", "3.5e-1", "--double", ".5");
        assertThat(numbers.whole).isEqualTo(-7);
        assertThat(numbers.wholeOrNone).isEqualTo(Integer.MAX_VALUE);
        assertThat(numbers.single).isEqualTo(0.35f);
        assertThat(numbers.twice).isEqualTo(0.5);
        parse("--float", "1e-60", "--int", "-2147483648");
        assertThat(numbers.single).isZero();
        assertThat(numbers.whole).isEqualTo(Integer.MIN_VALUE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "", " ", "1.5", "1e3", "0x10", "1_000", "7 "})
    void otherTexts_areNoWholeNumbers(String text) {
        assertThatThrownBy(() -> parse("--int=" + text))
                .isInstanceOf(ParameterException.class)
                .hasMessageContainingAll("--int", "'" + text + "' is not a whole number");
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "", "NaN", "Infinity", "-Infinity", "1f", "0x1p3", "7,5", "1e"})
    void otherTexts_areNoNumbers(String text) {
        for (String option : new String[] {"--float", "--double"}) {
            assertThatThrownBy(() -> parse(option + "=" + text))
                    .isInstanceOf(ParameterException.class)
                    .hasMessageContainingAll(option, "'" + text + "' is not a number");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--int=2147483648, at most 2147483647",
        "--int=-2147483649, at least -2147483648",
        "--float=1e39, '1e39' is too large",
        "--double=1e999, '1e999' is too large",
        "--double=-1e999, '-1e999' is too large",
    })
    void whatTheTypeCannotHold_isRefused(String argument, String message) {
        assertThatThrownBy(() -> parse(argument))
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aTextOfAMillionDigits_isShownShort() {
        assertThatThrownBy(() -> parse("--int=" + "9".repeat(1_000_000)))
                .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(150));
    }
}

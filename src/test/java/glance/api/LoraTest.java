package glance.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraTest {
    @TempDir Path folder;

    @BeforeEach
    void files() throws IOException {
        for (String name : new String[] {"a.st", "a.st:0.5", "me@home:v2.st", "a@1-5"}) {
            Files.createFile(folder.resolve(name));
        }
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "a.st, a.st, -, -",
                "a.st:0.8, a.st, 0.8, -",
                "a.st:1, a.st, 1, -",
                "a.st:-2, a.st, -2, -",
                "a.st@1-5, a.st, -, 1-5",
                "a.st:0.8@slow, a.st, 0.8, slow",
                "'a.st:0.8@1-3,7', a.st, 0.8, '1-3,7'",
                "a.st:0.5, a.st:0.5, -, -",
                "a.st:0.5:0.25, a.st:0.5, 0.25, -",
                "a.st:0.5@fast, a.st:0.5, -, fast",
                "me@home:v2.st, me@home:v2.st, -, -",
                "me@home:v2.st:3@2, me@home:v2.st, 3, 2",
                "a@1-5, a@1-5, -, -"
            })
    void parse_longestExistingFileWins(String text, String file, Float scale, String steps) {
        Lora spec = Lora.parse(folder + "/" + text);
        Lora plain = Lora.of(folder.resolve(file));
        Lora want = scale == null ? plain : plain.strength(scale);
        assertThat(spec).isEqualTo(steps == null ? want : want.on(steps));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none.st | no such file; expected FILE[:STRENGTH][@STEPS]",
                "none.st:1@slow | no such file",
                "b@1-5 | no such file",
                "a.st:x | strength 'x' is not a number",
                "a.st: | strength '' is not a number",
                "a.st:NaN | strength must be a finite number, got NaN",
                "a.st:1e99 | strength must be a finite number, got Infinity",
                "a.st@ | steps after '@' are missing",
                "a.st:1:2 | ':1:2' after the file is not [:STRENGTH][@STEPS]",
            })
    void parse_invalid_saysWhy(String text, String message) {
        String whole = folder + "/" + text;
        assertThatThrownBy(() -> Lora.parse(whole))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("adapter '" + whole + "': ")
                .hasMessageContaining(message);
    }

    @Test
    void parse_empty_isRefused() {
        assertThatThrownBy(() -> Lora.parse("")).hasMessageContaining("no such file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.st",
                "a.st:0.8",
                "a.st@1-5",
                "a.st:0.8@slow",
                "a.st:0.2..1@1-5",
                "a.st:1/0.8/0.5@0%-25%",
                "a.st@sigma=1..0.8",
                "me@home:v2.st"
            })
    void toString_isWhatParseReads(String text) {
        Lora spec = Lora.parse(folder + "/" + text);
        assertThat(spec.toString()).isEqualTo(folder + "/" + text);
        assertThat(Lora.parse(spec.toString())).isEqualTo(spec);
    }
}

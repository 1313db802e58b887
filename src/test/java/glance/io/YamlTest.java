package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YamlTest {
    @TempDir private Path folder;

    private Config read(String text) throws IOException {
        return Yaml.read(Files.writeString(folder.resolve("a.yaml"), text));
    }

    @Test
    void settings_asPeopleWriteThem_areRead() throws IOException {
        Config config =
                read(
                        """
                        # training
                        rank: 32
                        learning_rate: 3e-4
                        adam_epsilon: 1E-08
                        report_to: null
                        data_config:
                          img_dir: ./pictures
                          random_ratio: false
                        target_modules: [to_q, to_out.0]
                        """);
        assertThat(config.integer("rank")).isEqualTo(32);
        assertThat(config.number("learning_rate")).isEqualTo(3e-4);
        assertThat(config.number("adam_epsilon")).isEqualTo(1e-8);
        assertThat(config.has("report_to")).isFalse();
        assertThat(config.object("data_config").string("img_dir")).isEqualTo("./pictures");
        assertThat(config.strings("target_modules")).containsExactly("to_q", "to_out.0");
    }

    @Test
    void json_isYamlToo() throws IOException {
        assertThat(read("{\"rank\": 8, \"alpha\": 1.5}").number("alpha")).isEqualTo(1.5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "- a\n- b\n", "just words", "a: [1, 2", "a: b: c", "\t\tx: 1"})
    void otherText_isRefusedInOneLine(String text) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("a.yaml")
                .hasMessageNotContaining("\n");
    }

    @Test
    void whatOneLineWouldHideFromAnother_isRefused() {
        assertThatThrownBy(() -> read("rank: 8\nrank: 16\n"))
                .hasMessageContainingAll("a.yaml", "rank", "in line 2");
        assertThatThrownBy(() -> read("a:\n  b: 1\n  b: 2\n")).hasMessageContaining("'b'");
        assertThatThrownBy(() -> read("rank: 8\n---\nrank: 16\n"))
                .hasMessageContainingAll("a.yaml", "holds more than one document");
        assertThatThrownBy(() -> read("{\"a\": 1} {\"a\": 2}")).isInstanceOf(FormatException.class);
    }

    @Test
    void otherBytes_areRefused() throws IOException {
        Path file = Files.write(folder.resolve("a.yaml"), new byte[] {'a', ':', ' ', (byte) 0xff});
        assertThatThrownBy(() -> Yaml.read(file)).hasMessageContaining("is not UTF-8 text");
    }
}

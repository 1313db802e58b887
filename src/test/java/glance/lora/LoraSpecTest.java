package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraSpecTest {
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
                "a.st, a.st, 1, -",
                "a.st:0.8, a.st, 0.8, -",
                "a.st:-2, a.st, -2, -",
                "a.st@1-5, a.st, 1, 1-5",
                "a.st:0.8@slow, a.st, 0.8, slow",
                "'a.st:0.8@1-3,7', a.st, 0.8, '1-3,7'",
                "a.st:0.5, a.st:0.5, 1, -",
                "a.st:0.5:0.25, a.st:0.5, 0.25, -",
                "a.st:0.5@fast, a.st:0.5, 1, fast",
                "me@home:v2.st, me@home:v2.st, 1, -",
                "me@home:v2.st:3@2, me@home:v2.st, 3, 2",
                "a@1-5, a@1-5, 1, -"
            })
    void parse_longestExistingFileWins(String text, String file, float scale, String steps) {
        LoraSpec spec = LoraSpec.parse(folder + "/" + text);
        assertThat(spec).isEqualTo(new LoraSpec(folder.resolve(file), scale, steps));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none.st | no such file; expected FILE[:scale][@steps]",
                "none.st:1@slow | no such file",
                "b@1-5 | no such file",
                "a.st:x | scale 'x' is not a number",
                "a.st: | scale '' is not a number",
                "a.st:NaN | scale 'NaN' is not finite",
                "a.st:1e99 | scale '1e99' is not finite",
                "a.st@ | steps after '@' are missing",
                "a.st:1:2 | ':1:2' after the file is not [:scale][@steps]",
            })
    void parse_invalid_saysWhy(String text, String message) {
        String whole = folder + "/" + text;
        assertThatThrownBy(() -> LoraSpec.parse(whole))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("adapter '" + whole + "': ")
                .hasMessageContaining(message);
    }

    @Test
    void parse_empty_isRefused() {
        assertThatThrownBy(() -> LoraSpec.parse("")).hasMessageContaining("no such file");
    }

    @Test
    void parse_folder_isTheAdapterInIt() throws IOException {
        Path peft = Files.createDirectory(folder.resolve("peft"));
        assertThatThrownBy(() -> LoraSpec.parse(peft + ":2"))
                .hasMessageContaining("peft: is a folder without safetensors files");
        Path other = write(peft.resolve("a.safetensors"), Map.of());
        assertThat(LoraSpec.parse(peft + ":2")).isEqualTo(new LoraSpec(other, 2, null));
        write(peft.resolve("b.safetensors"), Map.of());
        assertThatThrownBy(() -> LoraSpec.parse(peft.toString()))
                .hasMessageContaining("2 safetensors files; name one of them, such as a.safe");
        Path own = Files.createFile(peft.resolve("adapter_model.safetensors"));
        assertThat(LoraSpec.parse(peft + "@slow")).isEqualTo(new LoraSpec(own, 1, "slow"));
    }

    private static Path write(Path file, Map<String, String> metadata) {
        HostTensor one = HostFloats.tensor(DType.F32, Shape.of(1), 1f);
        SafetensorsWriter.write(file, Map.of("x", one), metadata);
        return file;
    }

    @Test
    void parseAll_folderOfATrainingRun_isEveryAdapterThatNamesItsPhase() throws IOException {
        Path run = Files.createDirectory(folder.resolve("run"));
        Path slow = write(run.resolve("slow.safetensors"), Map.of("glance.phase", "slow"));
        write(run.resolve("slow.checkpoint.safetensors"), Map.of("glance.run.phase", "slow"));
        assertThat(LoraSpec.parseAll(run + ":2@1-5")).containsExactly(new LoraSpec(slow, 2, "1-5"));
        assertThat(LoraSpec.parse(run.toString())).isEqualTo(new LoraSpec(slow, 1, null));
        Path fast = write(run.resolve("fast.safetensors"), Map.of("glance.phase", "fast"));
        assertThat(LoraSpec.parseAll(run + "/:0.5"))
                .containsExactly(new LoraSpec(fast, 0.5f, null), new LoraSpec(slow, 0.5f, null));
        assertThatThrownBy(() -> LoraSpec.parseAll(run + "@1-5"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the folder holds 2 adapters")
                .hasMessageEndingWith("such as " + fast + "@1-5");
        assertThatThrownBy(() -> LoraSpec.parse(run.toString()))
                .hasMessageContaining("2 safetensors files; name one of them");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.st", "a.st:0.8", "a.st@1-5", "a.st:0.8@slow", "me@home:v2.st"})
    void toString_isWhatParseReads(String text) {
        LoraSpec spec = LoraSpec.parse(folder + "/" + text);
        assertThat(spec.toString()).isEqualTo(folder + "/" + text);
        assertThat(LoraSpec.parse(spec.toString())).isEqualTo(spec);
    }

    @Test
    void at_changesTheSteps() {
        LoraSpec spec = LoraSpec.parse(folder + "/a.st:0.8").at("slow");
        assertThat(spec).isEqualTo(new LoraSpec(folder.resolve("a.st"), 0.8f, "slow"));
    }
}

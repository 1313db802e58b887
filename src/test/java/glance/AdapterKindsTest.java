package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.adapter.Convert;
import glance.api.adapter.Merge;
import glance.api.adapter.Output;
import glance.api.adapter.Resize;
import glance.check.CheckReport;
import glance.check.Checks;
import glance.fixtures.Fixture;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tools on adapters of every kind, by what the reference computes with each. */
class AdapterKindsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path CASE = Fixture.folder("adapter-kinds");

    @TempDir private Path folder;

    private final LoraTools tools = new LoraTools();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dora-peft",
                "dora-kohya",
                "patterns",
                "rslora",
                "lora-bias",
                "loha-lycoris",
                "lokr-full",
                "lokr-low-rank",
                "diff"
            })
    void merge_everyKind_isInTheWeights(String kind) throws IOException {
        Path merged = folder.resolve("merged");
        tools.merge(Merge.of(CASE, Lora.of(adapter(kind))), Output.to(merged));
        check(merged, Map.of(), "out." + kind);
    }

    @ParameterizedTest
    @CsvSource({
        "dora-kohya, diffusers", "dora-kohya, peft", "dora-peft, comfyui", "dora-peft, kohya",
        "lora-bias, diffusers", "lora-bias, peft", "lora-bias, comfyui", "lora-bias, kohya"
    })
    void convert_keepsLengthsAndBiases(String kind, String layout) throws IOException {
        Path out = folder.resolve("converted.safetensors");
        tools.convert(Convert.of(adapter(kind), layout).model(CASE), Output.to(out));
        check(CASE, Map.of("x", out.toString()), "out." + kind);
    }

    @Test
    void convert_fullRank_saysHowToMakeALora() {
        Path out = folder.resolve("converted.safetensors");
        assertThatThrownBy(
                        () ->
                                tools.convert(
                                        Convert.of(adapter("lokr-full"), "kohya").model(CASE),
                                        Output.to(out)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("is LoKr")
                .hasMessageContaining("lora resize --rank");
        assertThat(folder).isEmptyDirectory();
    }

    /** Rank 3 times rank 3, element by element, has rank 9. */
    @Test
    void resize_loha_isALoraOfItsRank() throws IOException {
        Path out = folder.resolve("resized.safetensors");
        var modules = tools.resize(Resize.of(adapter("loha-lycoris")).rank(9), Output.to(out));
        assertThat(modules).hasSize(10).allMatch(module -> module.kept() > 1 - 1e-9);
        check(CASE, Map.of("x", out.toString()), "out.loha-lycoris");
        var fewer =
                tools.resize(
                        Resize.of(adapter("loha-lycoris")).rank(4),
                        Output.to(folder.resolve("small.safetensors")));
        assertThat(fewer).allMatch(module -> module.kept() < 1 && module.rank() == 4);
    }

    @Test
    void info_namesTheKind() {
        assertThat(tools.info(adapter("dora-peft")).adapter().kinds())
                .containsExactly(Map.entry("DoRA", 10));
        assertThat(tools.info(adapter("diff")).adapter().kinds())
                .containsExactly(Map.entry("LoRA with bias", 10), Map.entry("whole weights", 1));
    }

    private static Path adapter(String kind) {
        return CASE.resolve(kind + ".safetensors");
    }

    /** Runs the case on these weights; the sample, or that of adapter x, must be as recorded. */
    private void check(Path weights, Map<String, String> adapters, String expected)
            throws IOException {
        Path home = folder.resolve("case");
        Files.createDirectories(home);
        Map<String, HostTensor> tensors =
                new LinkedHashMap<>(Fixture.tensors(CASE.resolve("case.safetensors")));
        HostTensor sample = tensors.get(expected);
        tensors.keySet().removeIf(name -> !name.startsWith("in."));
        tensors.put(adapters.isEmpty() ? "out.sample" : "out.x", sample);
        SafetensorsWriter.write(home.resolve("case.safetensors"), tensors, Map.of());
        ObjectNode json = (ObjectNode) JSON.readTree(CASE.resolve("case.json").toFile());
        json.put("weights", weights.toAbsolutePath().toString());
        json.set("adapters", JSON.valueToTree(adapters));
        JSON.writeValue(home.resolve("case.json").toFile(), json);
        Fixture.onCpu(
                ops -> {
                    CheckReport report = Checks.run(home, ops);
                    assertThat(report.rows()).hasSize(1).allMatch(CheckReport.Row::passed);
                });
    }
}

package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.check.CheckReport;
import glance.check.Checks;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import glance.io.SafetensorsFile;
import glance.lora.LoraFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on adapters of FLUX, SD3 and DiT, judged by the recorded results. */
class FamilyLoraTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    /** From one layout to another and back to what the model understands. */
    @ParameterizedTest
    @CsvSource({
        "flux-transformer, diffusers",
        "flux-transformer, peft",
        "flux-transformer, comfyui",
        "flux-transformer, kohya",
        "flux-transformer, onetrainer",
        "flux2-transformer, diffusers",
        "flux2-transformer, peft",
        "flux2-transformer, comfyui",
        "flux2-transformer, kohya",
        "flux2-transformer, onetrainer",
        "krea2-transformer, diffusers",
        "krea2-transformer, peft",
        "krea2-transformer, comfyui",
        "krea2-transformer, kohya",
        "krea2-transformer, onetrainer",
        "z-image-transformer, diffusers",
        "z-image-transformer, peft",
        "z-image-transformer, comfyui",
        "z-image-transformer, kohya",
        "z-image-transformer, onetrainer",
        "sd3-transformer,  peft",
        "sd3-transformer,  comfyui",
        "sd3-transformer,  kohya",
        "sd3-transformer,  onetrainer",
        "dit-transformer,  diffusers",
        "dit-transformer,  peft"
    })
    void convertedAdapter_actsAsItsOrigin(String fixture, String layout) throws IOException {
        Path home = Fixture.folder(fixture);
        Path there = at("there.safetensors");
        Path back = at("back.safetensors");
        run("convert", lora(fixture), "--model", home, "--to", layout, "--out", there);
        assertActs(fixture, there, "out_lora.sample");
        run("convert", there, "--model", home, "--to", "diffusers", "--out", back);
        assertActs(fixture, back, "out_lora.sample");
    }

    @ParameterizedTest
    @CsvSource({"kohya, comfyui", "kohya, diffusers", "comfyui, kohya", "comfyui, onetrainer"})
    void fusedAdapterOfFlux_staysWhatItIs(String from, String to) throws IOException {
        Path model = Fixture.folder("flux-transformer");
        Path there = at("there.safetensors");
        run("convert", fluxNames(from), "--model", model, "--to", to, "--out", there);
        assertActs("flux-adapter-names", there, "out_lora." + from);
    }

    /** Parts of one fused module share lora_A, and so become that module again. */
    @Test
    void fusedAdapter_comesBackWithTheSameKeys() {
        Path model = Fixture.folder("flux-transformer");
        Path apart = at("apart.safetensors");
        Path again = at("again.safetensors");
        run("convert", fluxNames("kohya"), "--model", model, "--to", "diffusers", "--out", apart);
        run("convert", apart, "--model", model, "--to", "kohya", "--out", again);
        assertThat(err.toString()).doesNotContain("became one");
        assertThat(keys(again)).containsAll(keys(fluxNames("kohya")));
    }

    @Test
    void adaptersOfSeveralModules_becomeOneOfAllTheirRanks() {
        Path model = Fixture.folder("sd3-transformer");
        Path kohya = at("kohya.safetensors");
        run("convert", lora("sd3-transformer"), "--model", model, "--to", "kohya", "--out", kohya);
        assertThat(err.toString()).contains("rank 12 for 4");
        assertThat(keys(kohya)).contains("lora_unet_joint_blocks_0_x_block_attn_qkv.alpha");
        assertThat(LoraFile.openByName(kohya).pairs().get("joint_blocks_0_x_block_attn_qkv").rank())
                .isEqualTo(12);
    }

    @Test
    void layoutsThatDoNotExist_areRefused() {
        for (String layout : new String[] {"kohya", "comfyui"}) {
            Path x = at("x.safetensors");
            Path model = Fixture.folder("dit-transformer");
            refuse(
                    "convert",
                    lora("dit-transformer"),
                    "--model",
                    model,
                    "--to",
                    layout,
                    "--out",
                    x);
            assertThat(err.toString()).contains("no adapters for dit models", "--to diffusers");
            refuse("convert", lora("flux-transformer"), "--to", layout, "--out", x);
            assertThat(err.toString()).contains("name the model that it is for with --model");
        }
        refuse("convert", fluxNames("comfyui"), "--to", "diffusers", "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("name the model that it is for with --model");
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flux-transformer",
                "flux2-transformer",
                "sd3-transformer",
                "dit-transformer",
                "krea2-transformer",
                "z-image-transformer"
            })
    void mergedModel_equalsTheModelWithTheAdapter(String fixture) throws IOException {
        Path merged = at("merged");
        run("merge", Fixture.folder(fixture), lora(fixture), "--out", merged);
        assertMerged(fixture, merged, "out_lora.sample");
    }

    @Test
    void mergedModel_equalsTheModelWithTheFusedAdapter() throws IOException {
        Path merged = at("merged");
        run("merge", Fixture.folder("flux-transformer"), fluxNames("comfyui"), "--out", merged);
        assertMerged("flux-adapter-names", merged, "out_lora.comfyui");
    }

    /** What a merge changed, made an adapter again, is the adapter. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "flux-transformer",
                "flux2-transformer",
                "sd3-transformer",
                "dit-transformer",
                "krea2-transformer",
                "z-image-transformer"
            })
    void extract_undoesMerge(String fixture) throws IOException {
        Path base = Fixture.folder(fixture);
        run("merge", base, lora(fixture), "--out", at("tuned"));
        run("extract", base, at("tuned"), "--rank", 4, "--out", at("x.safetensors"));
        assertActs(fixture, at("x.safetensors"), "out_lora.sample");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "flux-transformer",
                "flux2-transformer",
                "sd3-transformer",
                "dit-transformer",
                "krea2-transformer",
                "z-image-transformer"
            })
    void infoAndResize_takeAdaptersOfEveryFamily(String fixture) throws IOException {
        run("info", lora(fixture));
        assertThat(out.toString()).contains("rank        4", "update norm");
        run("resize", lora(fixture), "--rank", 4, "--out", at("r.safetensors"));
        assertThat(out.toString()).contains("100.00 %");
        assertActs(fixture, at("r.safetensors"), "out_lora.sample");
    }

    @ParameterizedTest
    @ValueSource(strings = {"kohya", "comfyui"})
    void resize_keepsTheLayout(String layout) throws IOException {
        Path resized = at("r.safetensors");
        run("info", fluxNames(layout), "--modules");
        assertThat(out.toString()).contains("linear1");
        run("resize", fluxNames(layout), "--energy", 1, "--out", resized);
        assertThat(keys(fluxNames(layout)).stream().filter(key -> key.endsWith(".weight")))
                .allMatch(keys(resized)::contains);
        assertActs("flux-adapter-names", resized, "out_lora." + layout);
    }

    @Test
    void adapterOfAnotherFamily_isRefusedByWhatDoesNotFit() {
        Path sd3 = Fixture.folder("sd3-transformer");
        Path out = at("x");
        refuse("merge", sd3, lora("dit-transformer"), "--out", out);
        assertThat(err.toString()).contains("dit-transformer/lora.safetensors", "attn1");
        refuse("merge", Fixture.folder("dit-transformer"), lora("flux-transformer"), "--out", out);
        assertThat(err.toString()).contains("flux-transformer/lora.safetensors", "attn.");
        refuse("merge", sd3, fluxNames("kohya"), "--out", out);
        assertThat(err.toString()).contains("flux-adapter-names/kohya.safetensors");
        assertThat(folder).isEmptyDirectory();
    }

    /** An adapter under which the case's transformer gives the recorded result. */
    private void assertActs(String fixture, Path adapter, String result) throws IOException {
        Path home = Files.createDirectories(at("case"));
        ObjectNode json = caseOf(fixture, home);
        ObjectNode entry = JSON.createObjectNode().put("file", adapter.toString());
        json.putArray("adapters").add(entry.put("result", result));
        JSON.writeValue(home.resolve("case.json").toFile(), json);
        assertPasses(home, result);
    }

    /** A merged transformer that gives the recorded result of an adapter. */
    private void assertMerged(String fixture, Path merged, String result) throws IOException {
        Path home = Files.createDirectories(at("case"));
        ObjectNode json = caseOf(fixture, home);
        json.put("weights", merged.toAbsolutePath().toString());
        Path cases = home.resolve("case.safetensors");
        Path renamed = at("renamed.safetensors");
        Fixture.renamed(
                cases,
                renamed,
                name ->
                        name.equals(result)
                                ? "out.sample"
                                : name.equals("out.sample") ? "unused" : name);
        Files.move(renamed, cases, StandardCopyOption.REPLACE_EXISTING);
        JSON.writeValue(home.resolve("case.json").toFile(), json);
        assertPasses(home, "out.sample");
    }

    /** The case without its own adapter, which looks for weights where they are. */
    private static ObjectNode caseOf(String fixture, Path home) throws IOException {
        Path source = Fixture.folder(fixture);
        Files.copy(
                source.resolve("case.safetensors"),
                home.resolve("case.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        ObjectNode json = (ObjectNode) JSON.readTree(source.resolve("case.json").toFile());
        json.remove(List.of("adapter", "adapters", "training"));
        Path weights = source.resolve(json.path("weights").asText(".")).normalize();
        json.put("weights", weights.toAbsolutePath().toString());
        return json;
    }

    private static void assertPasses(Path home, String result) {
        Fixture.onCpu(
                ops -> {
                    CheckReport report = Checks.run(home, ops);
                    assertThat(report.rows())
                            .filteredOn(row -> row.tensor().equals(result))
                            .hasSize(1)
                            .allSatisfy(row -> assertThat(row.error()).isLessThan(2e-5));
                });
    }

    private static Set<String> keys(Path file) {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            return Set.copyOf(opened.tensors().keySet());
        }
    }

    private static Path lora(String fixture) {
        return Fixture.folder(fixture).resolve("lora.safetensors");
    }

    private static Path fluxNames(String layout) {
        return Fixture.folder("flux-adapter-names").resolve(layout + ".safetensors");
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private void run(Object... args) {
        assertThat(execute(args)).as(err.toString()).isZero();
    }

    private void refuse(Object... args) {
        assertThat(execute(args)).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).startsWith("glance-engine: error: ").doesNotContain("bug");
    }

    private int execute(Object... args) {
        err.reset();
        String[] words = new String[args.length + 1];
        Arrays.setAll(words, i -> i == 0 ? "lora" : args[i - 1].toString());
        return Engine.run(
                new PrintStream(out, true), new PrintStream(err, true), new StopRequest(), words);
    }
}

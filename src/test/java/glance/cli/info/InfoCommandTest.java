package glance.cli.info;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.ScaledTwin;
import glance.io.HostTensor;
import glance.io.Images;
import glance.io.SafetensorsWriter;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @Test
    void model_isATableOfItsParts() throws IOException {
        JsonNode json = json(TINY);
        assertThat(json.get("kind").asText()).isEqualTo("model");
        assertThat(json.get("pipeline").asText()).isEqualTo("QwenImagePipeline");
        JsonNode transformer = component(json, "transformer");
        assertThat(transformer.get("className").asText()).isEqualTo("QwenImageTransformer2DModel");
        JsonNode weights = transformer.get("weights");
        long fileBytes =
                Files.size(TINY.resolve("transformer/diffusion_pytorch_model.safetensors"));
        assertThat(weights.get("bytes").asLong()).isLessThan(fileBytes).isGreaterThan(13_000_000);
        assertThat(weights.get("parameters").asLong() * 2).isEqualTo(weights.get("bytes").asLong());
        assertThat(component(json, "tokenizer").get("weights").isNull()).isTrue();

        assertThat(run("info", TINY.toString())).isZero();
        assertThat(out.toString())
                .contains("QwenImagePipeline", "transformer   QwenImage", "total", "run memory")
                .contains("with guidance on cpu:", ", 64x64, guidance ");
    }

    /** On a GPU, too, weights stay as they are in the file; activations are half as wide. */
    @Test
    void runMemory_isThatOfTheDeviceAskedFor() throws IOException {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        JsonNode cpu = json(TINY);
        JsonNode gpu = json(TINY, "--device", "cuda-emulated");
        assertThat(gpu.get("device").asText()).startsWith("cuda-emulated");
        JsonNode wide = cpu.get("runMemory").get("parts").get(1);
        JsonNode narrow = gpu.get("runMemory").get("parts").get(1);
        assertThat(narrow.get("name").asText()).isEqualTo("transformer");
        assertThat(narrow.get("weightBytes").asDouble() / wide.get("weightBytes").asLong())
                .isCloseTo(1, within(0.02));
        assertThat(narrow.get("scratchBytes").asLong())
                .isLessThan(wide.get("scratchBytes").asLong());
    }

    @Test
    void builtInModel_isTheDefault() {
        assertThat(run("info")).isZero();
        assertThat(out.toString()).contains("QwenImagePipeline", "glance-tiny");
    }

    @Test
    void modelWithADamagedNote_isRefusedByFileAndKey() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"X\"}");
        Files.writeString(folder.resolve("glance.json"), "{\"plan\": 3}");
        assertThat(run("info", folder.toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString())
                .contains("glance.json: plan: expected a string, got 3")
                .hasLineCount(1);
    }

    @Test
    void component_isDescribedWithItsLayersTakenTogether() {
        assertThat(run("info", "--all", FIXTURES.resolve("flux-transformer").toString())).isZero();
        assertThat(out.toString())
                .contains(
                        "FluxTransformer2DModel",
                        "tensors     80",
                        "single_transformer_blocks.{0-1}")
                .doesNotContain("more lines");
    }

    @Test
    void adapter_isDescribedByRankAlphaAndTargets() throws IOException {
        JsonNode json = json(FIXTURES.resolve("qwenimage-transformer/lora.safetensors"));
        assertThat(json.get("kind").asText()).isEqualTo("adapter");
        assertThat(json.get("modules").asInt()).isEqualTo(24);
        assertThat(json.get("ranks")).hasToString("{\"4\":24}");
        assertThat(json.get("alphas")).hasToString("{\"16.0\":24}");
        assertThat(json.get("targets").get("attn.to_out.0").asInt()).isEqualTo(2);
        assertThat(json.get("layout").asText()).contains("lora_A").contains("lora.down");
        assertThat(json.get("metadata").has("lora_adapter_metadata")).isTrue();
    }

    @Test
    void kohyaAdapter_hasItsOwnRankForEachModule() throws IOException {
        JsonNode json = json(FIXTURES.resolve("qwenimage-adapter-names/kohya.safetensors"));
        assertThat(json.get("layout").asText()).startsWith("kohya");
        assertThat(json.get("ranks")).hasToString("{\"3\":3,\"4\":2,\"5\":2}");
    }

    @Test
    void folderOfAnAdapter_isDescribedWithTheStrengthOfItsConfig() throws IOException {
        JsonNode json = json(FIXTURES.resolve("flux-adapter-files/peft-alpha"));
        assertThat(json.get("kind").asText()).isEqualTo("adapter");
        assertThat(json.get("alphas")).hasToString("{\"16.0\":6}");
        assertThat(json.get("problem").isNull()).isTrue();
    }

    @Test
    void plainFile_isDescribedByItsTensors() throws IOException {
        JsonNode json = json(FIXTURES.resolve("clip-text/case.safetensors"));
        assertThat(json.get("kind").asText()).isEqualTo("weights");
        assertThat(json.get("weights").get("tensors").asInt()).isPositive();
    }

    /** Of a format that does not run: its types and bits, and why. */
    @Test
    void otherQuantisedFile_isDescribedAllTheSame() {
        Path file = folder.resolve("other.safetensors");
        SafetensorsWriter.write(
                file,
                Map.of(
                        "m.weight",
                        new HostTensor(DType.F4, Shape.of(2, 32), ByteBuffer.allocate(32)),
                        "m.weight_scale",
                        new HostTensor(DType.F8_E4M3, Shape.of(2, 2), ByteBuffer.allocate(4)),
                        "m.comfy_quant",
                        ScaledTwin.text("{\"format\": \"nvfp4\"}")),
                Map.of());
        assertThat(run("info", file.toString())).isZero();
        assertThat(out.toString())
                .contains("is quantised with nvfp4, which is not supported")
                .containsPattern("F4 +64 +4 ");
    }

    @Test
    void modelOfAnUnknownFamily_isDescribedWithoutAnEstimate() throws IOException {
        Files.writeString(
                folder.resolve("model_index.json"),
                "{\"_class_name\": \"OtherPipeline\", \"vae\": [\"diffusers\", \"OtherVae\"]}");
        Files.createDirectory(folder.resolve("vae"));
        JsonNode json = json(folder);
        assertThat(json.get("runMemory").isNull()).isTrue();
        assertThat(component(json, "vae").get("className").asText()).isEqualTo("OtherVae");
    }

    @Test
    void picture_isDescribedByItsSettings() throws IOException {
        Path png = folder.resolve("a.PNG");
        Images.writePng(
                png,
                new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB),
                Map.of("prompt", "a red circle"));
        JsonNode json = json(png);
        assertThat(json.get("kind").asText()).isEqualTo("picture");
        assertThat(json.get("width").asInt()).isEqualTo(3);
        out.reset();
        assertThat(run("info", png.toString())).isZero();
        assertThat(out.toString()).contains("pixels      3x2", "prompt      a red circle");
    }

    @Test
    void otherPaths_areRefused() {
        assertThat(run("info", folder.toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString()).contains("is neither a model nor a component");
        err.reset();
        assertThat(run("info", folder.resolve("x").toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString()).contains("no such file or folder");
    }

    private JsonNode json(Path path, String... options) throws IOException {
        out.reset();
        List<String> args = new ArrayList<>(List.of("info", "--json", path.toString()));
        args.addAll(List.of(options));
        assertThat(run(args.toArray(String[]::new))).as(err.toString()).isZero();
        return new ObjectMapper().readTree(out.toByteArray());
    }

    private static JsonNode component(JsonNode model, String name) {
        for (JsonNode component : model.get("components")) {
            if (component.get("name").asText().equals(name)) {
                return component;
            }
        }
        throw new AssertionError("no component " + name + " in " + model);
    }

    private int run(String... args) {
        return Engine.run(
                new PrintStream(out, true), new PrintStream(err, true), new StopRequest(), args);
    }
}

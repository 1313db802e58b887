package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import glance.io.HostTensor;
import glance.io.Images;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.lora.PhaseNote;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the built jar. */
class CommandLineIT {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");

    @TempDir private Path folder;
    private EngineProcess engine;

    @BeforeEach
    void prepare() {
        engine = EngineProcess.in(folder);
    }

    @Test
    void generate_makesAPictureThatSaysHowItWasMade() throws IOException {
        Result result =
                engine.run("generate", "three blue stars on a white background", "--seed", "42");
        assertThat(result.exitCode()).as(result.err()).isZero();
        Path file = folder.resolve("three-blue-stars-on-a-white-background-42.png");
        assertThat(result.out()).isEqualTo(file.getFileName() + System.lineSeparator());
        // A machine that is busy shows progress meanwhile.
        assertThat(result.err().lines().filter(line -> !line.endsWith(" left")))
                .hasSize(2)
                .last()
                .asString()
                .contains(" steps (", " forward passes), in ", "peak memory");
        BufferedImage picture = Images.read(file);
        assertThat(picture.getWidth()).isEqualTo(64);
        assertThat(picture.getHeight()).isEqualTo(64);
        assertThat(Images.readText(file))
                .containsEntry("prompt", "three blue stars on a white background")
                .containsEntry("seed", "42")
                .containsEntry("model", "glance-tiny")
                .containsEntry("size", "64x64")
                .containsKeys("negative_prompt", "plan", "sigmas", "guidance", "Software");
        assertNoParts();
    }

    @Test
    void expertsOfTheModel_areUsedForTheirPlanAndCanBeTurnedOff() throws IOException {
        // Not under the name of the built-in model, whose own files that would mean.
        copyTree(TINY, folder.resolve("own-tiny"));
        addExperts();
        Result own = generate("own.png", "a red circle", "--model", "own-tiny");
        assertThat(own.err())
                .contains("plan glance (10 steps) with the model's own experts (slow, fast;");
        assertThat(Images.readText(folder.resolve("own.png")).get("adapters").lines())
                .hasSize(2)
                .allMatch(line -> line.matches(".*own-tiny/experts/(slow|fast).*@\\1"));
        generate("again.png", "--from", "own.png");
        assertThat(pixels("again.png")).isEqualTo(pixels("own.png"));

        Result bare = generate("bare.png", "a red circle", "--model", "own-tiny", "--no-lora");
        assertThat(bare.err()).contains("plan glance (10 steps), seed 3");
        assertThat(pixels("bare.png")).isNotEqualTo(pixels("own.png"));
        generate("off.png", "--from", "own.png", "--no-lora");
        assertThat(pixels("off.png")).isEqualTo(pixels("bare.png"));

        Result otherPlan = generate("u.png", "--from", "own.png", "--plan", "uniform-2");
        assertThat(otherPlan.err()).contains("plan uniform-2 (2 steps), seed 3");
    }

    private Result generate(String out, String... arguments) {
        Stream<String> rest = Stream.of("--seed", "3", "--out", out);
        Result result =
                engine.run(
                        Stream.of(Stream.of("generate"), Stream.of(arguments), rest)
                                .flatMap(all -> all)
                                .toArray(String[]::new));
        assertThat(result.exitCode()).as(result.err()).isZero();
        return result;
    }

    /** The adapters of the pipeline's fixture, as if trained for the plan glance. */
    private void addExperts() throws IOException {
        Files.deleteIfExists(folder.resolve("own-tiny/glance.json"));
        Path experts = Files.createDirectories(folder.resolve("own-tiny/experts"));
        for (String phase : List.of("slow", "fast")) {
            String name = phase + ".safetensors";
            try (SafetensorsFile file =
                    SafetensorsFile.open(FIXTURES.resolve("glance-tiny-pipeline").resolve(name))) {
                Map<String, HostTensor> tensors = new LinkedHashMap<>();
                file.tensors()
                        .forEach(
                                (key, info) ->
                                        tensors.put(
                                                key,
                                                new HostTensor(
                                                        info.dtype(),
                                                        info.shape(),
                                                        file.data(key))));
                Map<String, String> header = new LinkedHashMap<>(file.metadata());
                header.putAll(new PhaseNote("glance", phase, List.of()).entries());
                SafetensorsWriter.write(experts.resolve(name), tensors, header);
            }
        }
    }

    @Test
    void from_repeatsThePictureToTheBit() throws IOException {
        String slow = FIXTURES.resolve("glance-tiny-pipeline/slow.safetensors").toString();
        Result first =
                engine.run(
                        "generate",
                        "a red circle",
                        "--batch",
                        "2",
                        "--seed",
                        "7",
                        "--plan",
                        "glance-8",
                        "--lora",
                        slow + ":0.5@slow",
                        "--size",
                        "96x64",
                        "--guidance",
                        "3",
                        "--negative",
                        "blue",
                        "--out",
                        "a.png");
        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.out().lines()).containsExactly("a-1.png", "a-2.png");
        Result again = engine.run("generate", "--from", "a-2.png", "--out", "b.png");
        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(pixels("b.png")).isEqualTo(pixels("a-2.png")).isNotEqualTo(pixels("a-1.png"));
        assertThat(Images.readText(folder.resolve("b.png")))
                .isEqualTo(Images.readText(folder.resolve("a-2.png")));
    }

    @Test
    void severalPrompts_fromArgumentsAndFile_areNumberedInOrder() throws IOException {
        Files.writeString(folder.resolve("prompts.txt"), "a green heart\n\na pink moon\n");
        Result result =
                engine.run(
                        "generate",
                        "a red circle",
                        "--prompts",
                        "prompts.txt",
                        "--plan",
                        "uniform-2",
                        "--seed",
                        "5",
                        "--out",
                        "new/");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out().lines())
                .containsExactly(
                        "new/a-red-circle-5.png",
                        "new/a-green-heart-5.png",
                        "new/a-pink-moon-5.png");
    }

    @Test
    void json_isTheRecordOfTheRun() throws IOException {
        Result result =
                engine.run(
                        "generate",
                        "a red circle",
                        "--plan",
                        "uniform-3",
                        "--guidance",
                        "1",
                        "--preview",
                        "2",
                        "--json",
                        "--threads",
                        "1");
        assertThat(result.exitCode()).as(result.err()).isZero();
        JsonNode json = new ObjectMapper().readTree(result.out());
        assertThat(json.get("steps").asInt()).isEqualTo(3);
        assertThat(json.get("forwardPasses").asInt()).isEqualTo(3);
        assertThat(json.get("tensorPeakBytes").asLong()).isPositive();
        String file = json.get("files").get(0).asText();
        assertThat(folder.resolve(file)).exists();
        assertThat(folder.resolve(file.replace(".png", "-step02.png"))).exists();
    }

    @Test
    void adapterOfAnotherShape_isRefusedWithBothShapes() {
        Path other = FIXTURES.resolve("qwenimage-transformer/lora.safetensors");
        Result result = engine.run("generate", "x", "--lora", other.toString());
        assertError(result, ExitCode.FAILURE, "lora.safetensors: ", "[64, 64]", "[192, 192]");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void adapterOfAnotherFamily_isRefused() {
        Path other = FIXTURES.resolve("dit-transformer/lora.safetensors");
        assertError(
                engine.run("generate", "x", "--lora", other.toString()),
                ExitCode.FAILURE,
                "lora.safetensors: ");
    }

    @Test
    void stepsThatThePlanHasNot_areWrongUse() {
        Path slow = FIXTURES.resolve("glance-tiny-pipeline/slow.safetensors");
        assertError(
                engine.run("generate", "x", "--plan", "glance", "--lora", slow + "@9-12"),
                ExitCode.WRONG_USE,
                "step 12 is not in plan glance, which has steps 1 to 10");
        assertError(
                engine.run("generate", "x", "--plan", "full", "--lora", slow + "@slow"),
                ExitCode.WRONG_USE,
                "'slow' is neither a step",
                "plan full has no phases");
    }

    @Test
    void existingFile_isNotOverwrittenUnlessTold() throws IOException {
        Path file = Files.writeString(folder.resolve("a.png"), "precious");
        assertError(
                engine.run("generate", "x", "--out", "a.png"),
                ExitCode.WRONG_USE,
                "--out a.png: exists already");
        assertThat(file).hasContent("precious");
        Result result =
                engine.run("generate", "x", "--plan", "uniform-1", "--out", "a.png", "--overwrite");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(Images.read(file).getWidth()).isEqualTo(64);
    }

    @Test
    void cudaWithoutAGpu_failsWithTheCause() {
        Result result = engine.run("generate", "x", "--device", "cuda");
        assertError(result, ExitCode.FAILURE, "cuda");
    }

    @Test
    void modelOfAnUnknownFamily_isRefusedByName() throws IOException {
        Files.writeString(
                folder.resolve("model_index.json"), "{\"_class_name\": \"OtherPipeline\"}");
        assertError(
                engine.run("generate", "x", "--model", "."),
                ExitCode.FAILURE,
                "model_index.json: _class_name: pipeline OtherPipeline is not supported",
                "QwenImagePipeline");
    }

    @Test
    void noModel_isRefused() {
        assertError(
                engine.run("generate", "x", "--model", "missing"),
                ExitCode.FAILURE,
                "missing: no such folder",
                "model_index.json");
    }

    @Test
    void unsupportedValueInAConfig_isRefusedByKey() throws IOException {
        copyTiny();
        Path config = folder.resolve("glance-tiny/transformer/config.json");
        edit(config, json -> json.put("guidance_embeds", true));
        assertError(
                engine.run("generate", "x", "--model", "glance-tiny/"),
                ExitCode.FAILURE,
                "config.json: guidance_embeds");
    }

    @Test
    void misshapedTensor_isReportedByNameAndShapes() throws IOException {
        copyTiny();
        Path config = folder.resolve("glance-tiny/transformer/config.json");
        edit(config, json -> json.put("joint_attention_dim", 256));
        edit(
                folder.resolve("glance-tiny/text_encoder/config.json"),
                json -> json.put("hidden_size", 256));
        Result result = engine.run("generate", "x", "--model", "glance-tiny/");
        assertError(result, ExitCode.FAILURE, ".safetensors", "[");
    }

    @Test
    void truncatedWeights_areRefused() throws IOException {
        copyTiny();
        Path file = folder.resolve("glance-tiny/vae/diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        assertError(
                engine.run("generate", "x", "--model", "glance-tiny/"),
                ExitCode.FAILURE,
                "vae/diffusion_pytorch_model.safetensors: ");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).noneMatch(path -> path.toString().endsWith(".png"));
        }
    }

    @Test
    void check_comparesCases() {
        Result result =
                engine.run(
                        "check",
                        FIXTURES.resolve("qwen2_5_vl-text").toString(),
                        FIXTURES.resolve("qwen-tokenizer").toString());
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains("out.hidden_states", "ok", "2 of 2 cases agree with the reference");
    }

    @Test
    void check_failsAboveTheTolerance() throws IOException {
        copyTree(FIXTURES.resolve("autoencoder-kl-qwenimage"), folder.resolve("case"));
        edit(folder.resolve("case/case.json"), json -> json.put("tolerance", 1e-12));
        Result result = engine.run("check", "case");
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.out()).contains("ABOVE", "0 of 1 cases agree");
    }

    @Test
    void check_refusesUnknownComponentsAndOtherFolders() throws IOException {
        copyTree(FIXTURES.resolve("autoencoder-kl-qwenimage"), folder.resolve("case"));
        edit(folder.resolve("case/case.json"), json -> json.put("component", "OtherModel"));
        Result unknown = engine.run("check", "case");
        assertError(unknown, ExitCode.FAILURE, "component", "OtherModel", "known: ");
        assertError(engine.run("check", "."), ExitCode.FAILURE, "no case.json");
    }

    private void assertError(Result result, int exitCode, String... parts) {
        assertThat(result.err().lines().filter(line -> line.contains("error: ")))
                .as(result.err())
                .singleElement()
                .asString()
                .startsWith("glance-engine: error: ")
                .contains(parts)
                .doesNotContain("bug in the engine");
        assertThat(result.err()).doesNotContain("\tat ");
        assertThat(result.exitCode()).isEqualTo(exitCode);
    }

    private void assertNoParts() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }

    private int[] pixels(String name) {
        BufferedImage picture = Images.read(folder.resolve(name));
        int width = picture.getWidth();
        return picture.getRGB(0, 0, width, picture.getHeight(), null, 0, width);
    }

    private void copyTiny() throws IOException {
        copyTree(TINY, folder.resolve("glance-tiny"));
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path path : tree.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
    }

    private interface Edit {
        void apply(ObjectNode json);
    }

    private static void edit(Path file, Edit edit) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(file.toFile());
        edit.apply(json);
        mapper.writeValue(file.toFile(), json);
    }
}

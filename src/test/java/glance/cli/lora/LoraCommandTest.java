package glance.cli.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.check.CheckReport;
import glance.check.Checks;
import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.Session;
import glance.cli.common.StopRequest;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.lora.LoraFile;
import glance.lora.LoraMerge;
import glance.lora.LoraPair;
import glance.lora.Update;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraCommandTest {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));
    private static final Path TINY = Path.of(System.getProperty("glance.weights"), "glance-tiny");
    private static final Path QWEN = FIXTURES.resolve("qwenimage-transformer");
    private static final Path NAMES = FIXTURES.resolve("qwenimage-adapter-names");
    private static final Path ADAPTER = QWEN.resolve("lora.safetensors");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    /** picocli takes help texts as formats and falls back to the raw text where they are none. */
    @ParameterizedTest
    @ValueSource(strings = {"info", "resize", "extract", "merge", "convert"})
    void help_isShown(String command) {
        run(command, "--help");
        assertThat(out.toString())
                .contains("Usage: glance-engine lora " + command, "Examples:")
                .doesNotContain("%%", "%n");
        for (String text : describe(command)) {
            assertThatCode(() -> String.format(text)).doesNotThrowAnyException();
        }
    }

    private static String[] describe(String command) {
        return LoraCommand.create(new Session(System.out, System.err, new StopRequest(), false))
                .getSubcommands()
                .get(command)
                .getCommandSpec()
                .usageMessage()
                .description();
    }

    @Test
    void info_showsWhatAnAdapterIsAndDoes() throws IOException {
        run("info", ADAPTER, NAMES.resolve("kohya.safetensors"));
        assertThat(out.toString())
                .contains("rank        4", "alpha       16", "update norm", "attn.to_out.0")
                .contains("layout      kohya", "lora_adapter_metadata");
        out.reset();
        run("info", ADAPTER, "--json");
        JsonNode first = JSON.readTree(out.toByteArray()).get(0);
        assertThat(first.get("adapter").get("modules").asInt()).isEqualTo(24);
        JsonNode update = first.get("updates").get(0);
        assertThat(update.get("module").asText()).startsWith("transformer_blocks.0.");
        assertThat(update.get("norm").asDouble()).isGreaterThan(update.get("largest").asDouble());
    }

    /** The strongest proof: the merged model gives what the reference gave with the adapter. */
    @Test
    void mergedModel_equalsTheModelWithTheAdapter() throws IOException {
        run("merge", QWEN, ADAPTER, "--out", at("merged"));
        assertThat(out.toString()).contains("attn.to_q", "F32", "error / update");
        writeCase(folder.resolve("merged"), Map.of(), "out_lora.sample");
        assertPasses(folder.resolve("merged"), 1);
    }

    @ParameterizedTest
    @CsvSource({
        "kohya, diffusers", "kohya, peft", "kohya, comfyui", "kohya, kohya",
        "comfyui, diffusers", "comfyui, kohya", "no-prefix, peft", "peft-model, kohya"
    })
    void convertedAdapter_actsAsItsOrigin(String from, String to) throws IOException {
        run("convert", name(from), "--model", QWEN, "--to", to, "--out", at("a.safetensors"));
        Files.copy(NAMES.resolve("case.safetensors"), folder.resolve("case.safetensors"));
        ObjectNode adapter =
                JSON.createObjectNode()
                        .put("file", "a.safetensors")
                        .put("result", "out_lora." + from);
        ObjectNode json = (ObjectNode) JSON.readTree(NAMES.resolve("case.json").toFile());
        json.put("weights", QWEN.toAbsolutePath().toString());
        json.putArray("adapters").add(adapter);
        JSON.writeValue(folder.resolve("case.json").toFile(), json);
        assertPasses(folder, 1);
    }

    @Test
    void convertWithoutAModel_changesPrefixesOnly() {
        run("convert", name("comfyui"), "--to", "kohya", "--out", at("k.safetensors"));
        run("convert", at("k.safetensors"), "--to", "kohya", "--out", at("k2.safetensors"));
        assertThat(folder.resolve("k2.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("k.safetensors"));
        refuse("convert", at("k.safetensors"), "--to", "peft", "--out", at("p.safetensors"));
        assertThat(err.toString()).contains("underscores for dots", "--model");
        for (String source : List.of("peft-model", "no-prefix")) {
            refuse("convert", name(source), "--to", "kohya", "--out", at("p.safetensors"));
            assertThat(err.toString()).contains("names may not be those of kohya", "--model");
        }
        assertThat(folder.resolve("p.safetensors")).doesNotExist();
    }

    @Test
    void resize_toItsOwnRankChangesNothing() throws IOException {
        run("resize", ADAPTER, "--rank", 4, "--out", at("lora.safetensors"));
        assertThat(out.toString()).contains("100.00 %");
        for (String file : List.of("case.safetensors", "case.json")) {
            Files.copy(QWEN.resolve(file), folder.resolve(file));
        }
        ObjectNode json = (ObjectNode) JSON.readTree(folder.resolve("case.json").toFile());
        json.put("weights", QWEN.toAbsolutePath().toString());
        json.remove("training");
        JSON.writeValue(folder.resolve("case.json").toFile(), json);
        assertPasses(folder, 3);
    }

    @Test
    void resize_keepsKohyaNamesAndNotes() {
        run("resize", name("kohya"), "--energy", 0.7, "--out", at("k.safetensors"));
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("k.safetensors"));
                SafetensorsFile before = SafetensorsFile.open(NAMES.resolve("kohya.safetensors"))) {
            assertThat(file.tensors().keySet()).containsAll(before.tensors().keySet());
            assertThat(file.metadata()).containsEntry("format", "pt");
        }
    }

    /** {@code extract(base, merge(base, lora))} is the adapter again. */
    @ParameterizedTest
    @CsvSource({"F32, 2e-6", "BF16, 0.01"})
    void extract_undoesMerge(DType dtype, double tolerance) {
        run("merge", QWEN, ADAPTER, "--dtype", dtype, "--out", at("tuned"));
        run("convert", ADAPTER, "--to", "diffusers", "--out", at("want.safetensors"));
        String[] extract = {"--rank", "4", "--targets", "to_q,to_out.0,img_mod.1"};
        run("merge", QWEN, ADAPTER + ":0", "--dtype", dtype, "--out", at("base"));
        run("extract", at("base"), at("tuned"), extract, "--out", at("got.safetensors"));
        run("extract", at("base"), at("tuned"), extract, "--out", at("again.safetensors"));
        assertThat(folder.resolve("again.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("got.safetensors"));
        run("resize", at("want.safetensors"), "--rank", 4, "--out", at("w.safetensors"));
        assertThat(distance(at("got.safetensors"), at("w.safetensors"))).isLessThan(tolerance);
    }

    @Test
    void extract_namesWhatNoAdapterCanHold() throws IOException {
        run("merge", QWEN, ADAPTER, "--out", at("tuned"));
        Path file = folder.resolve("tuned/diffusion_pytorch_model.safetensors");
        Map<String, HostTensor> tensors = tensors(file);
        HostTensor bias = tensors.get("img_in.bias");
        tensors.put("img_in.bias", HostFloats.tensor(DType.F32, bias.shape(), new float[64]));
        SafetensorsWriter.write(file, tensors, Map.of());
        run("extract", QWEN, at("tuned"), "--rank", 2, "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("differ, but cannot be in an adapter: img_in.bias");
        try (SafetensorsFile x = SafetensorsFile.open(folder.resolve("x.safetensors"))) {
            assertThat(x.tensors()).hasSize(48);
        }
    }

    @Test
    void shards_staySharded() throws IOException {
        Path flux = FIXTURES.resolve("flux-transformer");
        run("merge", flux, flux.resolve("lora.safetensors"), "--dtype", "BF16", "--out", at("f"));
        try (Weights before = Weights.open(flux);
                Weights after = Weights.open(folder.resolve("f"))) {
            assertThat(after.files()).hasSameSizeAs(before.files());
            assertThat(after.tensors().keySet()).isEqualTo(before.tensors().keySet());
            long bytes = after.tensors().values().stream().mapToLong(TensorInfo::bytes).sum();
            JsonNode index =
                    JSON.readTree(
                            folder.resolve("f/diffusion_pytorch_model.safetensors.index.json")
                                    .toFile());
            assertThat(index.get("metadata").get("total_size").asLong()).isEqualTo(bytes);
        }
    }

    @Test
    void model_isCopiedWithItsOtherParts() throws IOException {
        Path slow = FIXTURES.resolve("glance-tiny-pipeline/slow.safetensors");
        run("merge", TINY, slow + ":0.8", "--out", at("merged"));
        for (String same : List.of("model_index.json", "vae/config.json", "tokenizer/vocab.json")) {
            assertThat(folder.resolve("merged").resolve(same))
                    .hasSameBinaryContentAs(TINY.resolve(same));
        }
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("merged"));
        }
        refuse("merge", at("merged"), slow, "--out", at("merged/vae/x"));
        assertThat(err.toString()).contains("is inside");
        refuse("merge", TINY, slow, "--out", at("merged"), "--overwrite");
        assertThat(err.toString()).contains("folders are not replaced");
    }

    @Test
    void existingFiles_stayUnlessToldOtherwise() throws IOException {
        Files.writeString(folder.resolve("x.safetensors"), "mine");
        refuse("resize", ADAPTER, "--rank", 2, "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("exists already", "--overwrite");
        assertThat(folder.resolve("x.safetensors")).hasContent("mine");
        run("resize", ADAPTER, "--rank", 2, "--out", at("x.safetensors"), "--overwrite");
        run("info", at("x.safetensors"));
    }

    @Test
    void adapter_mayBeReplacedByItself() throws IOException {
        Files.copy(ADAPTER, folder.resolve("x.safetensors"));
        Path file = at("x.safetensors");
        run("resize", file, "--rank", 2, "--out", file, "--overwrite");
        run("info", file);
        assertThat(out.toString()).contains("rank        2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"peft-alpha", "peft-patterns", "peft-rslora", "header.safetensors"})
    void strengthOutsideTheTensors_isKept(String adapter) {
        Path source = FIXTURES.resolve("flux-adapter-files").resolve(adapter);
        run("convert", source, "--to", "peft", "--out", at("c.safetensors"));
        run("resize", source, "--rank", 8, "--out", at("r.safetensors"));
        run("info", source);
        assertThat(err.toString()).isEmpty();
        for (String name : List.of("c.safetensors", "r.safetensors")) {
            assertThat(distance(at(name), source)).isLessThan(1e-6);
            assertThat(LoraFile.openByName(at(name)).pairs().values())
                    .allSatisfy(pair -> assertThat(pair.scale()).isEqualTo(1));
        }
    }

    /** Both are of Qwen-Image: float's largest values, and not a number. */
    @ParameterizedTest
    @ValueSource(floats = {Float.MAX_VALUE, Float.NaN})
    void resultsThatAreNotFinite_areNotWritten(float value) throws IOException {
        float[] a = new float[16];
        float[] b = new float[16];
        Arrays.fill(a, Float.MAX_VALUE);
        Arrays.fill(b, value);
        String module = "transformer.transformer_blocks.0.attn.to_q";
        Map<String, HostTensor> tensors =
                Map.of(
                        module + ".lora_A.weight",
                        HostFloats.tensor(DType.F32, Shape.of(2, 8), a),
                        module + ".lora_B.weight",
                        HostFloats.tensor(DType.F32, Shape.of(8, 2), b));
        SafetensorsWriter.write(at("x.safetensors"), tensors, Map.of("lora_alpha", "4"));
        refuse("resize", at("x.safetensors"), "--rank", 1, "--out", at("o.safetensors"));
        refuse("convert", at("x.safetensors"), "--to", "peft", "--out", at("o.safetensors"));
        assertOneLine("x.safetensors: base_model.model.transformer_blocks.0.attn.to_q.lora_B");
        assertOneLine("is not finite as F32");
        assertThat(at("o.safetensors")).doesNotExist();
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void merge_takesTheBuiltInModelByName() {
        run("merge", "glance-tiny", "glance-tiny/experts/slow.safetensors", "--out", at("m"));
        assertThat(at("m").resolve("transformer")).isDirectory();
    }

    @Test
    void info_showsWhatCannotBeUsed() throws IOException {
        SafetensorsWriter.write(
                at("oft.safetensors"),
                Map.of("m.oft_blocks", HostFloats.tensor(DType.F32, Shape.of(4, 2), new float[8])),
                Map.of());
        run("info", at("oft.safetensors"));
        assertThat(out.toString())
                .contains(
                        "not usable  m.oft_blocks: is part of an OFT adapter, which is not supported")
                .containsPattern("m.oft_blocks +\\[4, 2\\]");
        refuse("convert", at("oft.safetensors"), "--to", "peft", "--out", at("o.safetensors"));
        assertOneLine("is part of an OFT adapter");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "x"})
    void badRank_isWrongUse(String rank) {
        assertThat(execute("resize", ADAPTER, "--rank", rank, "--out", at("x.safetensors")))
                .isEqualTo(ExitCode.WRONG_USE);
        assertOneLine("--rank");
    }

    @Test
    void badInputs_areRefusedInOneLine() {
        Path model = QWEN.resolve("diffusion_pytorch_model.safetensors");
        refuse("resize", ADAPTER, "--rank", 65, "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("rank must be at most 64", "transformer_blocks.0");
        refuse("resize", ADAPTER, "--out", at("x.safetensors"));
        refuse("resize", model, "--rank", 1, "--out", at("x.safetensors"));
        refuse("info", model);
        assertThat(err.toString()).contains("is no adapter");
        refuse("info", at("missing.safetensors"));
        refuse("merge", QWEN, at("missing.safetensors"), "--out", at("x"));
        refuse("merge", QWEN, ADAPTER + "@slow", "--out", at("x"));
        refuse("merge", QWEN, ADAPTER + ":nan", "--out", at("x"));
        refuse("merge", at("missing"), ADAPTER, "--out", at("x"));
        refuse("merge", TINY, ADAPTER, "--out", at("x"));
        assertThat(err.toString()).contains("but that of");
        refuse("merge", QWEN, ADAPTER, "--dtype", "I32", "--out", at("x"));
        refuse("merge", QWEN, ADAPTER + ":1e30", "--dtype", "F16", "--out", at("x"));
        refuse("merge", QWEN, ADAPTER, "--out", at("no/x"));
        refuse("extract", QWEN, QWEN, "--rank", 2, "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("differs from");
        refuse("extract", QWEN, TINY, "--rank", 2, "--out", at("x.safetensors"));
        refuse("extract", QWEN, ADAPTER, "--rank", 2, "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("is missing");
        refuse("extract", QWEN, QWEN, "--rank", 2, "--targets", "q", "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("named q");
        Path flux = FIXTURES.resolve("flux-transformer/lora.safetensors");
        Path index =
                FIXTURES.resolve("flux-transformer/diffusion_pytorch_model.safetensors.index.json");
        refuse("merge", index, flux, "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("is an index of shards; give its folder");
        refuse("convert", ADAPTER, "--to", "other", "--out", at("x.safetensors"));
        refuse("convert", ADAPTER, "--to", "peft", "--out", at("x.bin"));
        assertThat(folder).isEmptyDirectory();
    }

    /** Largest difference of the updates in relation to the largest update, over common keys. */
    private static double distance(Path got, Path want) {
        var gotPairs = LoraFile.openByName(got).pairs();
        var wantPairs = LoraFile.openByName(want).pairs();
        assertThat(gotPairs).isNotEmpty();
        double worst = 0;
        for (String module : gotPairs.keySet()) {
            float[] a = product(gotPairs.get(module));
            float[] b = product(wantPairs.get(module));
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < a.length; i++) {
                difference += Math.pow(a[i] - b[i], 2);
                norm += Math.pow(b[i], 2);
            }
            worst = Math.max(worst, Math.sqrt(difference / norm));
        }
        return worst;
    }

    private static float[] product(LoraPair pair) {
        Shape shape = Shape.of(pair.b().shape().dim(0), pair.a().shape().dim(1));
        HostTensor zero =
                HostFloats.tensor(DType.F32, shape, new float[Math.toIntExact(shape.numel())]);
        List<LoraMerge.Part> parts = List.of(new LoraMerge.Part(Update.of(pair), 1));
        return HostFloats.read(LoraMerge.merge("m", zero, parts, DType.F32).weight());
    }

    /** A case whose expected sample is another of the recorded results. */
    private static void writeCase(Path home, Map<String, Object> entries, String expected)
            throws IOException {
        Map<String, HostTensor> tensors = tensors(QWEN.resolve("case.safetensors"));
        HostTensor sample = tensors.get(expected);
        tensors.keySet().removeIf(name -> !name.startsWith("in."));
        tensors.put("out.sample", sample);
        SafetensorsWriter.write(home.resolve("case.safetensors"), tensors, Map.of());
        ObjectNode json = (ObjectNode) JSON.readTree(QWEN.resolve("case.json").toFile());
        json.remove(List.of("adapter", "training"));
        entries.forEach(json::putPOJO);
        JSON.writeValue(home.resolve("case.json").toFile(), json);
    }

    private static Map<String, HostTensor> tensors(Path path) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            for (TensorInfo info : file.tensors().values()) {
                tensors.put(
                        info.name(),
                        new HostTensor(info.dtype(), info.shape(), file.data(info.name())));
            }
        }
        return tensors;
    }

    private static void assertPasses(Path home, int results) {
        try (Device device = Devices.open("cpu", DeviceOptions.defaults());
                Ops ops = new Ops(device)) {
            CheckReport report = Checks.run(home, ops);
            assertThat(report.rows()).hasSizeGreaterThanOrEqualTo(results);
            assertThat(report.rows())
                    .allSatisfy(row -> assertThat(row.error()).as(row.tensor()).isLessThan(2e-5));
        }
    }

    private static Path name(String file) {
        return NAMES.resolve(file + ".safetensors");
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private void run(Object... args) {
        assertThat(execute(args)).as(err.toString()).isZero();
    }

    private void refuse(Object... args) {
        assertThat(execute(args)).isIn(ExitCode.FAILURE, ExitCode.WRONG_USE);
        assertOneLine("");
    }

    private void assertOneLine(String part) {
        assertThat(err.toString().lines()).singleElement().asString().contains(part);
        assertThat(err.toString()).startsWith("glance-engine: error: ").doesNotContain("bug");
    }

    private int execute(Object... args) {
        err.reset();
        List<String> words = new ArrayList<>(List.of("lora"));
        for (Object arg : args) {
            if (arg instanceof String[] several) {
                words.addAll(List.of(several));
            } else {
                words.add(arg.toString());
            }
        }
        return Engine.run(
                new PrintStream(out, true),
                new PrintStream(err, true),
                new StopRequest(),
                words.toArray(String[]::new));
    }
}

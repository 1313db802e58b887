package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.CancelledException;
import glance.api.Conversion;
import glance.api.Converted;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.api.adapter.Output;
import glance.api.adapter.Watch;
import glance.fixtures.Fixture;
import glance.fixtures.PlainGguf;
import glance.fixtures.TinyFlux;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsFile;
import glance.io.SafetensorsWriter;
import glance.io.TensorInfo;
import glance.io.Weights;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelToolsTest {
    private static final String QKV = "double_blocks.0.img_attn.qkv.weight";
    private static final int F32 = 0;
    private static final int Q8_0 = 8;
    private static final int Q4_K = 12;

    /** A FLUX whose rows are of 256 numbers, in the names of black-forest-labs. */
    private static final Path WIDE = Fixture.folder("flux-gguf").resolve("model.gguf");

    @TempDir private static Path models;
    private static Path flux;

    @TempDir private Path folder;

    @BeforeAll
    static void write() {
        flux = TinyFlux.dev(models.resolve("flux"));
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private static Converted convert(Path source, Path target, String type) {
        return new ModelTools().convert(Conversion.of(source), Output.to(target).dtype(type));
    }

    private static Map<String, float[]> values(Path file) {
        Map<String, float[]> values = new HashMap<>();
        try (Weights weights = Weights.open(file)) {
            for (String name : weights.tensors().keySet()) {
                values.put(
                        name,
                        HostFloats.times(weights.tensor(name), weights.scaling(name).scale(0)));
            }
        }
        return values;
    }

    private static double error(float[] stored, float[] wanted) {
        double lost = 0;
        double all = 0;
        for (int i = 0; i < wanted.length; i++) {
            lost += Math.pow((double) wanted[i] - stored[i], 2);
            all += Math.pow(wanted[i], 2);
        }
        return Math.sqrt(lost / all);
    }

    @Test
    void convert_toGguf_isAFileByTheRulesOfTheFormat() {
        convert(flux, at("flux.gguf"), "q8_0");
        PlainGguf gguf = PlainGguf.read(at("flux.gguf"));
        assertThat(gguf.keys())
                .containsEntry("general.architecture", "flux")
                .containsEntry("general.file_type", 7)
                .containsEntry("general.quantization_version", 2);
        Map<String, float[]> source = values(flux.resolve("transformer"));
        PlainGguf.Tensor fused = gguf.tensors().get(QKV);
        assertThat(fused.type()).isEqualTo(Q8_0);
        assertThat(fused.sizes()).containsExactly(32, 96);
        float[] q = source.get("transformer_blocks.0.attn.to_q.weight");
        float[] stored = fused.values();
        for (int i = 0; i < q.length; i++) {
            assertThat(stored[i]).isCloseTo(q[i], within(0.01f));
        }
        PlainGguf.Tensor norm = gguf.tensors().get("single_blocks.1.norm.key_norm.scale");
        assertThat(norm.type()).isEqualTo(F32);
        assertThat(norm.values())
                .isEqualTo(source.get("single_transformer_blocks.1.attn.norm_k.weight"));
        PlainGguf.Tensor outer = gguf.tensors().get("img_in.weight");
        assertThat(outer.type()).isEqualTo(F32);
        assertThat(outer.values()).isEqualTo(source.get("x_embedder.weight"));
    }

    @Test
    void convert_toBlocksOf256_losesWhatTheReportSays() {
        Converted converted = convert(WIDE, at("wide.gguf"), "Q4_K");
        PlainGguf.Tensor stored = PlainGguf.read(at("wide.gguf")).tensors().get(QKV);
        float[] source = values(WIDE).get(QKV);
        assertThat(stored.type()).isEqualTo(Q4_K);
        double error = error(stored.values(), source);
        assertThat(error).isBetween(0.0, 0.09);
        assertThat(converted.tensors())
                .filteredOn(tensor -> tensor.name().equals(QKV))
                .singleElement()
                .satisfies(tensor -> assertThat(tensor.error()).isCloseTo(error, within(1e-6)));
        assertThat(converted.what()).startsWith("FLUX.1 [dev]");
    }

    @Test
    void convert_quantisedToFloatsAndBack_keepsTheNumbers() {
        convert(WIDE, at("floats"), "F32");
        convert(at("floats"), at("again.safetensors"), null);
        Map<String, float[]> source = values(WIDE);
        Map<String, float[]> again = values(at("again.safetensors"));
        assertThat(again).containsOnlyKeys(source.keySet());
        source.forEach((name, numbers) -> assertThat(again.get(name)).isEqualTo(numbers));
        try (Weights weights = Weights.open(at("floats"))) {
            assertThat(weights.tensors())
                    .containsKey("transformer_blocks.0.attn.to_q.weight")
                    .doesNotContainKey(QKV);
        }
    }

    @Test
    void convert_folderToFileAndBack_isTheSourceToTheBit() {
        Path source = flux.resolve("transformer");
        Converted converted = convert(flux, at("flux.safetensors"), null);
        assertThat(converted.error()).isZero();
        assertThat(converted.bytes()).isEqualTo(converted.bytesBefore());
        convert(at("flux.safetensors"), at("back"), null);
        try (Weights before = Weights.open(source);
                Weights after = Weights.open(at("back"))) {
            assertThat(after.tensors()).hasSameSizeAs(before.tensors());
            before.tensors()
                    .forEach(
                            (name, info) -> {
                                assertThat(after.tensors().get(name)).isEqualTo(info);
                                assertThat(after.data(name)).isEqualTo(before.data(name));
                            });
        }
    }

    @Test
    void convert_folder_hasTheConfigOfItsSource() throws IOException {
        convert(flux, at("copy"), "bf16");
        assertThat(at("copy").resolve("config.json"))
                .hasSameTextualContentAs(flux.resolve("transformer/config.json"));
        Path alone = Files.copy(WIDE, at("alone.gguf"));
        convert(alone, at("known"), null);
        assertThat(Files.readString(at("known").resolve("config.json")))
                .contains("\"FluxTransformer2DModel\"", "\"num_layers\" : 1");
    }

    @Test
    void convert_toScaledFloats_hasTheMarksOfComfyUi() {
        Converted converted = convert(flux, at("fp8.safetensors"), "f8_e4m3");
        float largest = 0;
        for (float value :
                values(flux.resolve("transformer"))
                        .get("single_transformer_blocks.0.proj_out.weight")) {
            largest = Math.max(largest, Math.abs(value));
        }
        String module = "single_blocks.0.linear2";
        try (SafetensorsFile file = SafetensorsFile.open(at("fp8.safetensors"))) {
            Map<String, TensorInfo> tensors = file.tensors();
            assertThat(tensors.get(module + ".weight").dtype()).isEqualTo(DType.F8_E4M3);
            assertThat(tensors.get(module + ".weight_scale").shape()).isEqualTo(Shape.of());
            assertThat(file.data(module + ".weight_scale").getFloat(0)).isEqualTo(largest / 448);
            ByteBuffer mark = file.data(module + ".comfy_quant");
            assertThat(StandardCharsets.UTF_8.decode(mark).toString())
                    .isEqualTo("{\"format\": \"float8_e4m3fn\"}");
            assertThat(tensors.get("img_in.weight").dtype()).isEqualTo(DType.F32);
            assertThat(tensors.get("img_in.bias").dtype()).isEqualTo(DType.F32);
        }
        Map<String, float[]> stored = values(at("fp8.safetensors"));
        for (Converted.Tensor tensor : converted.tensors()) {
            assertThat(tensor.error()).isLessThan(0.03);
            assertThat(stored).containsKey(tensor.name());
        }
        convert(at("fp8.safetensors"), at("plain"), "f32");
        assertThat(values(at("plain")).get("single_transformer_blocks.0.proj_out.weight"))
                .isEqualTo(stored.get(module + ".weight"));
    }

    /** Parts with scales of their own become one matrix. */
    @Test
    void convert_scaledParts_areJoinedByTheirValues() {
        convert(flux, at("parts"), "f8_e4m3");
        convert(at("parts"), at("fused.safetensors"), "f32");
        Map<String, float[]> parts = values(at("parts"));
        float[] fused = values(at("fused.safetensors")).get(QKV);
        int at = 0;
        for (String part : new String[] {"to_q", "to_k", "to_v"}) {
            float[] values = parts.get("transformer_blocks.0.attn." + part + ".weight");
            assertThat(Arrays.copyOfRange(fused, at, at + values.length)).isEqualTo(values);
            at += values.length;
        }
        assertThat(at).isEqualTo(fused.length);
    }

    /** Rows of 32 are no blocks of 256. */
    @ParameterizedTest
    @CsvSource({"q4_k, Q5_0", "q6_k, Q8_0"})
    void convert_rowsThatDoNotFit_fallBackAndAreCounted(String type, String fallback) {
        Converted converted = convert(flux, at("flux.gguf"), type);
        assertThat(converted.tensors())
                .filteredOn(Converted.Tensor::fallback)
                .isNotEmpty()
                .allSatisfy(tensor -> assertThat(tensor.type()).isEqualTo(fallback));
    }

    @Test
    void convert_twice_givesTheSameFile() {
        convert(WIDE, at("one.gguf"), "q6_k");
        convert(WIDE, at("two.gguf"), "q6_k");
        assertThat(at("one.gguf")).hasSameBinaryContentAs(at("two.gguf"));
    }

    @Test
    void convert_numbersThatAreNotFinite_areRefusedByName() {
        float[] values = new float[128 * 32];
        values[5] = Float.NaN;
        Map<String, HostTensor> tensors = new HashMap<>();
        try (SafetensorsFile file =
                SafetensorsFile.open(
                        flux.resolve("transformer/diffusion_pytorch_model.safetensors"))) {
            tensors.putAll(file.hostTensors());
            tensors.put(
                    "transformer_blocks.0.ff.net.0.proj.weight",
                    HostFloats.tensor(DType.F32, Shape.of(128, 32), values));
            SafetensorsWriter.write(at("nan.safetensors"), tensors, Map.of());
        }
        for (String type : new String[] {"q5_0", "f16", "f32"}) {
            assertThatThrownBy(() -> convert(at("nan.safetensors"), at("x.gguf"), type))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("nan.safetensors: double_blocks.0.img_mlp.0.weight: ")
                    .hasMessageContaining("not finite")
                    .hasMessageEndingWith("the file is damaged; fetch it again");
            assertThat(at("x.gguf")).doesNotExist();
        }
    }

    @Test
    void convert_whatCannotBe_isRefused() throws IOException {
        assertThatThrownBy(() -> convert(flux, at("x.safetensors"), "q8_0"))
                .isInstanceOf(RequestException.class)
                .hasMessage("type q8_0: a safetensors file can have f32, bf16, f16, f8_e4m3");
        assertThatThrownBy(() -> convert(flux, at("x.gguf"), "q3_k"))
                .isInstanceOf(RequestException.class)
                .hasMessage(
                        "type q3_k: a GGUF file can have f32, bf16, f16, q8_0, q4_0, q5_0, q4_k,"
                                + " q6_k");
        Path copy = Files.copy(WIDE, at("copy.gguf"));
        assertThatThrownBy(
                        () ->
                                new ModelTools()
                                        .convert(
                                                Conversion.of(copy),
                                                Output.to(copy).overwrite(true)))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("is the source");
        assertThatThrownBy(() -> convert(flux, copy, null))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("exists already");
        assertThatThrownBy(() -> convert(flux, flux.resolve("new"), null))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("is inside");
        Path adapter = TinyFlux.adapter(at("adapter.safetensors"));
        assertThatThrownBy(() -> convert(adapter, at("x.gguf"), null))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("holds an adapter");
        Path other = at("other.safetensors");
        SafetensorsWriter.write(
                other,
                Map.of("a.weight", HostFloats.tensor(DType.F32, Shape.of(2, 2), new float[4])),
                Map.of());
        assertThatThrownBy(() -> convert(other, at("x.gguf"), null))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("holds no model that is known");
        assertThatThrownBy(() -> convert(at("none"), at("x.gguf"), null))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("no such file");
        assertThatThrownBy(
                        () ->
                                new ModelTools()
                                        .convert(
                                                Conversion.of(flux).part("unet"),
                                                Output.to(at("x.gguf"))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("part unet");
        assertThatThrownBy(
                        () ->
                                new ModelTools()
                                        .convert(
                                                Conversion.random("flux.9"),
                                                Output.to(at("x.gguf"))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("expected one of qwen-image, qwen-image-edit");
    }

    @Test
    void convert_ended_leavesNothing() {
        Watch ending =
                new Watch() {
                    private int pieces;

                    @Override
                    public void next(String name, int done, int total) {
                        assertThat(done).isEqualTo(pieces++).isLessThan(total);
                    }

                    @Override
                    public boolean isCancelled() {
                        return pieces == 5;
                    }
                };
        for (String target : new String[] {"x.gguf", "x.safetensors", "x"}) {
            assertThatThrownBy(
                            () ->
                                    new ModelTools(ending)
                                            .convert(Conversion.of(flux), Output.to(at(target))))
                    .isInstanceOf(CancelledException.class);
        }
        assertThat(folder).isEmptyDirectory();
    }
}

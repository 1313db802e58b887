package glance.cli.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import glance.fixtures.ScaledTwin;
import glance.io.GgufFile;
import glance.io.GgufWriter;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.SafetensorsWriter;
import glance.io.TensorSource;
import glance.io.Weights;
import glance.lora.LoraFile;
import glance.lora.LoraPair;
import glance.model.flux.FluxFamily;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on adapters of more than a transformer, and on checkpoints of less than 16 bits. */
class LoraPartsTest {
    private static final Path MODEL = Fixture.folder("flux-tiny");
    private static final Path WITH_CLIP =
            Fixture.folder("flux-tiny-adapters").resolve("text_encoder.safetensors");
    private static final Path MIXED =
            Fixture.folder("flux-tiny-adapters").resolve("mixed_ranks.safetensors");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path folder;

    @Test
    void info_showsModulesOfTextEncoders() {
        run("info", WITH_CLIP);
        assertThat(out.toString()).contains("modules     9", "lora_te1 self_attn_k_proj x2");
        assertThat(out.toString()).containsPattern("lora_te1 self_attn_q_proj +2 +4");
        assertThat(err.toString()).doesNotContain("not used");
    }

    @ParameterizedTest
    @CsvSource({
        "diffusers,  text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight",
        "comfyui,    text_encoders.clip_l.transformer.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight",
        "kohya,      lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
        "onetrainer, lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight"
    })
    void convert_keepsTextEncodersInTheNamesOfTheLayout(String layout, String key) {
        Path there = at("there.safetensors");
        Path back = at("back.safetensors");
        run("convert", WITH_CLIP, "--model", MODEL, "--to", layout, "--out", there);
        assertThat(Fixture.tensors(there)).containsKey(key);
        run("convert", there, "--model", MODEL, "--to", "kohya", "--out", back);
        assertThat(Fixture.tensors(back)).containsOnlyKeys(Fixture.tensors(WITH_CLIP).keySet());
        Map<String, LoraPair> want = LoraFile.openByName(WITH_CLIP).pairs();
        LoraFile.openByName(back)
                .pairs()
                .forEach(
                        (module, pair) ->
                                assertThat(bits(pair.a())).isEqualTo(bits(want.get(module).a())));
    }

    @Test
    void convertToPeft_saysThatTextEncodersAreLeftOut() {
        run(
                "convert",
                WITH_CLIP,
                "--model",
                MODEL,
                "--to",
                "peft",
                "--out",
                at("peft.safetensors"));
        assertThat(err.toString()).contains("left out: 8 modules of text encoders");
        assertThat(LoraFile.openByName(at("peft.safetensors")).pairs()).hasSize(3);
    }

    @Test
    void convertWithoutModel_namesOfTextEncodersDiffer_isRefused() {
        Path dotted = at("diffusers.safetensors");
        run("convert", WITH_CLIP, "--model", MODEL, "--to", "diffusers", "--out", dotted);
        refuse("convert", dotted, "--to", "onetrainer", "--out", at("x.safetensors"));
        assertThat(err.toString()).contains("names of text encoders", "--model");
        run(
                "convert",
                dotted,
                "--to",
                "diffusers",
                "--dtype",
                "BF16",
                "--out",
                at("16.safetensors"));
        assertThat(Fixture.tensors(at("16.safetensors")).keySet())
                .isEqualTo(Fixture.tensors(dotted).keySet());
    }

    @Test
    void resize_keepsModulesOfTextEncoders() {
        run("resize", WITH_CLIP, "--rank", 4, "--out", at("r.safetensors"));
        assertThat(Fixture.tensors(at("r.safetensors")))
                .containsOnlyKeys(Fixture.tensors(WITH_CLIP).keySet());
    }

    @Test
    void mergedTextEncoder_drawsTheRecordedPicture() throws IOException {
        run("merge", MODEL, WITH_CLIP, "--out", at("merged"));
        Path picture = at("picture.png");
        assertThat(
                        execute(
                                "generate",
                                "a red circle",
                                "--model",
                                at("merged"),
                                "--size",
                                "64x64",
                                "--plan",
                                "uniform-3",
                                "--seed",
                                1,
                                "--out",
                                picture))
                .as(err.toString())
                .isZero();
        var want = ImageIO.read(WITH_CLIP.resolveSibling("text_encoder.png").toFile());
        var got = ImageIO.read(picture.toFile());
        int[] a = want.getRaster().getPixels(0, 0, 64, 64, (int[]) null);
        int[] b = got.getRaster().getPixels(0, 0, 64, 64, (int[]) null);
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i] - b[i]).isBetween(-1, 1);
        }
    }

    @Test
    void merge_partOfAnAdapterIsForNoModule_isRefusedUnlessAskedFor() {
        Path transformer = MODEL.resolve("transformer");
        refuse("merge", transformer, WITH_CLIP, "--out", at("merged"));
        assertThat(err.toString())
                .contains("this model has no text encoder lora_te1", "--allow-partial");
        assertThat(folder).isEmptyDirectory();
        run("merge", transformer, WITH_CLIP, "--allow-partial", "--out", at("merged"));
        assertThat(err.toString()).contains("warning", "no text encoder lora_te1");
    }

    /** Each element is the nearest of all that the dtype has to the sum in float64. */
    @ParameterizedTest
    @CsvSource({"F8_E4M3, true", "F8_E4M3, false", "F8_E5M2, true"})
    void mergeIntoFloat8_roundsEverySumOnce(DType dtype, boolean all) {
        Path base = in8Bits(dtype, all ? name -> true : name -> name.startsWith("single_"));
        run("merge", base, MIXED, "--out", at("merged.safetensors"));
        assertThat(err.toString()).doesNotContain("not used");
        Map<String, HostTensor> before = Fixture.tensors(base);
        Map<String, LoraPair> pairs = LoraFile.openByName(MIXED).pairs();
        int merged = 0;
        for (Map.Entry<String, HostTensor> entry :
                Fixture.tensors(at("merged.safetensors")).entrySet()) {
            HostTensor old = before.get(entry.getKey());
            assertThat(entry.getValue().dtype()).isEqualTo(old.dtype());
            LoraPair pair = pairs.get(entry.getKey().replaceAll("\\.weight$", ""));
            if (pair == null || old.shape().rank() != 2) {
                assertThat(bits(entry.getValue())).isEqualTo(bits(old));
            } else {
                assertNearest(entry.getValue(), old, pair);
                merged++;
            }
        }
        assertThat(merged).isEqualTo(6);
    }

    @Test
    void mergeIntoFloat8_sumBeyondTheRange_isRefused() {
        Path base = in8Bits(DType.F8_E4M3, name -> true);
        refuse("merge", base, MIXED + ":10000", "--out", at("merged.safetensors"));
        assertThat(err.toString()).contains("not finite in F8_E4M3");
        assertThat(at("merged.safetensors")).doesNotExist();
    }

    @Test
    void convertAndExtract_takeCheckpointsInFloat8() {
        Path base = in8Bits(DType.F8_E4M3, name -> true);
        run("convert", MIXED, "--model", base, "--to", "diffusers", "--out", at("c.safetensors"));
        assertThat(err.toString()).contains("6 modules written");
        run("merge", base, MIXED, "--dtype", "F32", "--out", at("tuned.safetensors"));
        run("extract", base, at("tuned.safetensors"), "--rank", 8, "--out", at("x.safetensors"));
        assertThat(out.toString()).containsPattern("ff.net.2 +1 +\\S+ +0.00 %");
        assertThat(LoraFile.openByName(at("x.safetensors")).pairs()).hasSize(6);
    }

    @ParameterizedTest
    @CsvSource({"FP8, false", "FP8, true", "FP8_ROWS, true", "INT8_ROWS, false", "CONVROT, true"})
    void weightsWithScales_areRefusedByTensor(ScaledTwin.Kind kind, boolean original) {
        String layer = "single_transformer_blocks.0.proj_mlp.weight";
        Path transformer = MODEL.resolve("transformer");
        Path base = original ? inOriginalNames(transformer) : transformer;
        String stored = original ? "single_blocks.0.linear2.weight" : layer;
        Path scaled = ScaledTwin.of(base, kind, stored::equals, folder).scaled();
        String seen = original ? "single_transformer_blocks.0.proj_out.weight" : layer;
        String refusal =
                Pattern.quote(scaled + ": " + seen)
                        + ": is quantised \\(\\S+ with a scale\\); make plain floats";
        refuse("merge", scaled, MIXED, "--out", at("merged.safetensors"));
        assertThat(err.toString()).containsPattern(refusal);
        refuse("extract", scaled, scaled, "--rank", 1, "--out", at("x.safetensors"));
        assertThat(err.toString()).containsPattern(refusal);
        assertThat(at("merged.safetensors")).doesNotExist();
        assertThat(at("x.safetensors")).doesNotExist();
    }

    private Path inOriginalNames(Path transformer) {
        try (Weights weights = Weights.open(transformer)) {
            Weights original = new FluxFamily().originalNames().orElseThrow().original(weights);
            Map<String, HostTensor> tensors = new LinkedHashMap<>();
            original.tensors().keySet().forEach(n -> tensors.put(n, original.tensor(n)));
            Path file = at("original.safetensors");
            SafetensorsWriter.write(file, tensors, Map.of());
            return file;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Q8_0", "F16"})
    void merge_refusesGguf(DType dtype) throws IOException {
        Path transformer = Files.createDirectory(at("transformer"));
        Path gguf = transformer.resolve("x.gguf");
        Map<String, TensorSource> tensors = new LinkedHashMap<>();
        Fixture.tensors(MODEL.resolve("transformer"))
                .forEach((name, tensor) -> tensors.put(name, cast(tensor, dtype)));
        GgufWriter.stream(gguf, tensors, Map.of(GgufFile.ARCHITECTURE, "flux"));
        for (Path model : List.of(gguf, transformer)) {
            refuse("merge", model, MIXED, "--out", at("merged"));
            assertThat(err.toString())
                    .contains("x.gguf: is GGUF, which is not merged into; convert it");
        }
        assertThat(at("merged")).doesNotExist();
    }

    private static TensorSource cast(HostTensor tensor, DType dtype) {
        Shape shape = tensor.shape();
        boolean fits = shape.rank() == 2 && shape.dim(1) % dtype.blockElements() == 0;
        DType stored = fits ? dtype : DType.F32;
        HostTensor cast = HostFloats.tensor(stored, shape, HostFloats.read(tensor));
        return new TensorSource(stored, shape, cast::data);
    }

    @Test
    void markOfScalesAlone_isRefused() {
        Map<String, HostTensor> tensors = Fixture.tensors(in8Bits(DType.F8_E4M3, name -> true));
        tensors.put("scaled_fp8", HostFloats.tensor(DType.F32, Shape.of(), 2));
        Path scaled = at("scaled.safetensors");
        SafetensorsWriter.write(scaled, tensors, Map.of());
        refuse("merge", scaled, MIXED, "--out", at("merged.safetensors"));
        assertThat(err.toString())
                .contains("scaled.safetensors", "is quantised with scales that are not in it");
    }

    @Test
    void weightsOfADtypeThatIsNotKnown_areRefusedByName() {
        Map<String, HostTensor> tensors = Fixture.tensors(MODEL.resolve("transformer"));
        ByteBuffer zeros = ByteBuffer.allocate(8 * 4);
        tensors.put("proj_out.weight", new HostTensor(DType.F64, Shape.of(2, 2), zeros));
        Path wide = at("wide.safetensors");
        SafetensorsWriter.write(wide, tensors, Map.of());
        refuse("merge", wide, MIXED, "--out", at("merged.safetensors"));
        assertThat(err.toString()).contains("proj_out.weight: is F64");
    }

    /** The transformer with some of its matrices cast. */
    private Path in8Bits(DType dtype, Predicate<String> names) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        Fixture.tensors(MODEL.resolve("transformer"))
                .forEach(
                        (name, tensor) -> {
                            boolean cast = tensor.shape().rank() == 2 && names.test(name);
                            tensors.put(
                                    name,
                                    cast
                                            ? HostFloats.tensor(
                                                    dtype, tensor.shape(), HostFloats.read(tensor))
                                            : tensor);
                        });
        Path file = at("base-" + dtype + ".safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    private static void assertNearest(HostTensor got, HostTensor weight, LoraPair pair) {
        float[] values = HostFloats.read(got);
        float[] w = HostFloats.read(weight);
        float[] a = HostFloats.read(pair.a());
        float[] b = HostFloats.read(pair.b());
        int in = weight.shape().dim(1);
        float[] all = got.dtype().bytes() == 1 ? numbers(got.dtype()) : null;
        for (int i = 0; i < values.length; i++) {
            double sum = w[i];
            double terms = Math.abs(sum);
            for (int r = 0; r < pair.rank(); r++) {
                double term =
                        (double) pair.scale() * b[i / in * pair.rank() + r] * a[r * in + i % in];
                sum += term;
                terms += Math.abs(term);
            }
            double error = Math.abs(values[i] - sum);
            double least = all == null ? 0 : Double.MAX_VALUE;
            for (int n = 0; all != null && n < all.length; n++) {
                least = Math.min(least, Math.abs(all[n] - sum));
            }
            // at most 9 terms are added in float32
            assertThat(error).isLessThanOrEqualTo(least + 9 * 0x1p-24 * terms);
        }
    }

    /** All finite numbers of a type of 8 bits. */
    private static float[] numbers(DType dtype) {
        byte[] codes = new byte[256];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) i;
        }
        float[] all = HostFloats.read(new HostTensor(dtype, Shape.of(256), ByteBuffer.wrap(codes)));
        float[] finite = new float[256];
        int count = 0;
        for (float number : all) {
            if (Float.isFinite(number)) {
                finite[count++] = number;
            }
        }
        return Arrays.copyOf(finite, count);
    }

    private static byte[] bits(HostTensor tensor) {
        byte[] bytes = new byte[tensor.data().remaining()];
        tensor.data().duplicate().get(bytes);
        return bytes;
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private void run(Object... args) {
        assertThat(execute(lora(args))).as(err.toString()).isZero();
    }

    private static Object[] lora(Object... args) {
        return Stream.concat(Stream.of("lora"), Arrays.stream(args)).toArray();
    }

    private void refuse(Object... args) {
        assertThat(execute(lora(args))).isEqualTo(ExitCode.FAILURE);
        // that nothing says the alpha of an adapter is told before
        assertThat(err.toString().lines().filter(line -> !line.contains("nothing says its alpha")))
                .singleElement()
                .asString()
                .startsWith("glance-engine: error: ")
                .doesNotContain("bug");
    }

    private int execute(Object... args) {
        err.reset();
        String[] words = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
        return Engine.run(
                new PrintStream(out, true), new PrintStream(err, true), new StopRequest(), words);
    }
}

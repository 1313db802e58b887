package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Init;
import glance.api.Lora;
import glance.api.Request;
import glance.api.Residency;
import glance.api.Strength;
import glance.backend.DryDevice;
import glance.fixtures.Drawn;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinySd3;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.lora.LoraLayout;
import glance.lora.LoraMerge;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.lora.Update;
import glance.model.Family;
import glance.model.PromptEncoder;
import glance.ops.Ops;
import glance.schedule.PlanJson;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ExpertReader with parts for the text encoders. */
class TextEncoderAdaptersTest {
    private static final String PROMPT = "a red circle";
    private static final int SIDE = 32;
    private static final RunListener SILENT = new RunListener() {};

    @TempDir private Path folder;

    /** Recorded with FluxPipeline in float32 after adding the deltas to CLIP and transformer. */
    @Test
    void fluxAdapterWithClip_givesTheRecordedPicture() throws IOException {
        Path home = Fixture.folder("flux-tiny-adapters");
        BufferedImage want = ImageIO.read(home.resolve("text_encoder.png").toFile());
        Settings request =
                new Settings(
                        List.of(PROMPT),
                        "",
                        1,
                        1,
                        64,
                        64,
                        new Guidance(1, false, 3.5f),
                        PlanJson.find("uniform-3"),
                        List.of(Lora.of(home.resolve("text_encoder.safetensors"))));
        Fixture.onCpu(
                ops -> {
                    Path model = Fixture.folder("flux-tiny");
                    int[] got = Runs.pixels(ops, model, request, SILENT);
                    int[] expected = want.getRGB(0, 0, 64, 64, null, 0, 64);
                    for (int i = 0; i < got.length; i++) {
                        for (int shift = 0; shift < 24; shift += 8) {
                            assertThat((got[i] >> shift & 255) - (expected[i] >> shift & 255))
                                    .isBetween(-1, 1);
                        }
                    }
                });
    }

    /** Every linear layer of every encoder, as each tool names it, against changed weights. */
    @ParameterizedTest
    @ValueSource(strings = {"flux", "flux2", "sd3", "qwen-image", "krea-2"})
    void adapterOfEveryLayer_actsAsChangedWeights(String family) throws IOException {
        Path model = model(family);
        Map<String, LoraPair> pairs = pairs(model);
        float[] want = latents(changed(model, pairs), List.of());
        assertThat(distance(latents(model, List.of()), want)).isGreaterThan(1e-2);
        for (LoraLayout layout : LoraLayout.values()) {
            if (layout != LoraLayout.PEFT) {
                Path file = write(model, pairs, layout);
                assertThat(distance(latents(model, List.of(Lora.of(file))), want))
                        .as(layout.name())
                        .isLessThan(1e-4);
            }
        }
    }

    @Test
    void steps_doNotApply_strengthDoes() {
        Path model = model("flux");
        Path file = write(model, pairs(model), LoraLayout.KOHYA);
        float[] all = latents(model, List.of(Lora.of(file)));
        assertThat(latents(model, List.of(Lora.of(file).on("2")))).isEqualTo(all);
        float[] half = latents(model, List.of(Lora.of(file).strength(0.5f).on("2")));
        assertThat(distance(half, all)).isGreaterThan(1e-2);
        // twice in different steps is not twice as strong; twice in the same steps is
        assertThat(latents(model, List.of(Lora.of(file).on("1"), Lora.of(file).on("2"))))
                .isEqualTo(all);
        List<Lora> halves =
                List.of(Lora.of(file).strength(0.5f).on("1"), Lora.of(file).strength(0.5f));
        assertThat(latents(model, halves)).isEqualTo(all);
    }

    /** Each drawing has its own texts; what is encoded already is not encoded again. */
    @Test
    void drawings_haveTheirOwnTexts() {
        Path model = model("flux");
        Path file = write(model, pairs(model), LoraLayout.DIFFUSERS);
        List<Lora> adapted = List.of(Lora.of(file));
        float[] wantPlain = latents(model, List.of());
        float[] wantAdapted = latents(model, adapted);
        List<String> stages = new ArrayList<>();
        RunListener listener =
                new RunListener() {
                    @Override
                    public void stage(String name) {
                        stages.add(name);
                    }
                };
        Settings plainly = Runs.request(model, PROMPT, "uniform-2", SIDE, 1, List.of());
        Settings otherwise = plainly.withLoras(adapted);
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline =
                            new Pipeline(ops, ModelFolder.open(model), Residency.RESIDENT)) {
                        try (Drawing plain = pipeline.prepare(plainly, listener);
                                Drawing other = pipeline.prepare(otherwise, listener)) {
                            assertThat(plain.denoise(0, 7).latents()).isEqualTo(wantPlain);
                            assertThat(other.denoise(0, 7).latents()).isEqualTo(wantAdapted);
                            assertThat(plain.denoise(0, 7).latents()).isEqualTo(wantPlain);
                        }
                        int opened = stages.size();
                        pipeline.prepare(plainly, listener).close();
                        assertThat(stages).hasSize(opened);
                    }
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                    assertThat(ops.device().memory().stats().weightBytes()).isZero();
                });
    }

    @Test
    void strengthThatChanges_isThatOfTheFirstStep_andOneLineSaysSo() {
        Path model = model("flux");
        Path file = write(model, pairs(model), LoraLayout.DIFFUSERS);
        List<String> warnings = new ArrayList<>();
        RunListener listener =
                new RunListener() {
                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                };
        Lora ramp = Lora.of(file).strength(Strength.ramp(0.5f, 1));
        Settings request = Runs.request(model, PROMPT, "uniform-2", SIDE, 1, List.of(ramp));
        List<float[]> got = new ArrayList<>();
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline =
                                    new Pipeline(ops, ModelFolder.open(model), Residency.STREAM);
                            Drawing drawing = pipeline.prepare(request, listener)) {
                        got.add(drawing.denoise(0, 7).latents());
                    }
                });
        assertThat(got.get(0)).isEqualTo(latents(model, List.of(Lora.of(file).strength(0.5f))));
        assertThat(warnings)
                .singleElement()
                .asString()
                .contains("part for text encoders has the strength of its first step, 0.5");
    }

    /** Of a ramp over four steps the last two are run; the first of them counts. */
    @ParameterizedTest
    @CsvSource({"1, 0, 0.3333333", "0, 1, 0.6666667"})
    void lateStart_takesTheStrengthOfTheFirstStepThatIsRun(float from, float to, float strength) {
        Path model = model("flux");
        Path file = write(model, pairs(model), LoraLayout.DIFFUSERS);
        Path photo = Drawn.photo(folder.resolve("photo.png"), SIDE, SIDE);
        Lora ramp = Lora.of(file).strength(Strength.ramp(from, to));
        List<String> warnings = new ArrayList<>();
        RunListener listener =
                new RunListener() {
                    @Override
                    public void warning(String message) {
                        warnings.add(message);
                    }
                };
        float[] got = late(model, photo, ramp, listener);
        assertThat(warnings)
                .singleElement()
                .asString()
                .contains("has the strength of its first step, " + strength + ", in all steps");
        Lora even = Lora.of(file).strength(strength);
        assertThat(got).isEqualTo(late(model, photo, even, SILENT));
        assertThat(distance(late(model, photo, Lora.of(file).strength(from), SILENT), got))
                .isGreaterThan(1e-3);
    }

    /** Only what a step that is left out has is no reason to warn. */
    @Test
    void lateStart_leavesOutWhatIsNotRun() {
        Path model = model("flux");
        Path file = write(model, pairs(model), LoraLayout.DIFFUSERS);
        Path photo = Drawn.photo(folder.resolve("photo.png"), SIDE, SIDE);
        Lora list = Lora.parse(file + ":1/1/0.5/0.5");
        float[] got =
                late(
                        model,
                        photo,
                        list,
                        new RunListener() {
                            @Override
                            public void warning(String message) {
                                throw new AssertionError(message);
                            }
                        });
        assertThat(got).isEqualTo(late(model, photo, Lora.of(file).strength(0.5f), SILENT));
    }

    /** The last two of four steps, from a picture. */
    private static float[] late(Path model, Path photo, Lora adapter, RunListener listener) {
        ModelFolder opened = ModelFolder.open(model);
        Settings settings =
                Settings.of(
                        Request.of(PROMPT)
                                .seed(1)
                                .size(SIDE, SIDE)
                                .plan("uniform-4")
                                .loras(List.of(adapter))
                                .init(Init.of(photo).strength(0.5f)),
                        opened);
        List<float[]> result = new ArrayList<>();
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = new Pipeline(ops, opened, Residency.STREAM);
                            Drawing drawing = pipeline.prepare(settings, listener)) {
                        result.add(drawing.denoise(0, 7).latents());
                    }
                });
        return result.get(0);
    }

    @Test
    void partForAnEncoderThatTheModelLacks_isNamed() {
        Path full = TinySd3.in(folder.resolve("full")).path();
        Path without = TinySd3.withoutT5(folder.resolve("without")).path();
        Path file = write(full, pairs(full), LoraLayout.KOHYA);
        List<String> warnings = new ArrayList<>();
        Settings request = Runs.request(without, PROMPT, "uniform-1", 1, List.of(Lora.of(file)));
        Fixture.onCpu(
                ops ->
                        Runs.pixels(
                                ops,
                                without,
                                request,
                                new RunListener() {
                                    @Override
                                    public void warning(String message) {
                                        warnings.add(message);
                                    }
                                }));
        assertThat(warnings)
                .singleElement()
                .asString()
                .contains("this model has no text encoder lora_te3: lora_te3_encoder_block_0");
    }

    private Path model(String family) {
        Path home = folder.resolve(family);
        return switch (family) {
            case "flux" -> TinyFlux.dev(home);
            case "flux2" -> TinyFlux2.distilled(home).path();
            case "sd3" -> TinySd3.in(home).path();
            case "krea-2" -> TinyKrea2.turbo(home).path();
            default -> Fixture.tinyModel();
        };
    }

    /** An adapter of rank 2 for each linear layer of the encoders. */
    private static Map<String, LoraPair> pairs(Path model) {
        Random random = new Random(3);
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        modules(model)
                .forEach(
                        (name, weight) ->
                                pairs.put(
                                        name,
                                        new LoraPair(
                                                normal(Shape.of(2, weight.dim(1)), random),
                                                normal(Shape.of(weight.dim(0), 2), random),
                                                3)));
        return pairs;
    }

    private static Map<String, Shape> modules(Path model) {
        ModelFolder opened = ModelFolder.open(model);
        Map<String, Shape> modules = new LinkedHashMap<>();
        try (Ops ops = new Ops(DryDevice.ideal(DType.F32));
                PromptEncoder encoder = Families.of(opened).openPromptEncoder(ops, opened)) {
            encoder.linears().forEach((name, linear) -> modules.put(name, linear.shape()));
        }
        return modules;
    }

    private static HostTensor normal(Shape shape, Random random) {
        float[] values = new float[Math.toIntExact(shape.numel())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.1 * random.nextGaussian());
        }
        return HostFloats.tensor(DType.F32, shape, values);
    }

    /** The adapter by the names of a layout. */
    private Path write(Path model, Map<String, LoraPair> pairs, LoraLayout layout) {
        Family family = Families.of(ModelFolder.open(model));
        Map<String, LoraPair> named = new LinkedHashMap<>();
        family.keyMap()
                .names(layout, modules(model))
                .forEach((name, targets) -> named.put(name, pairs.get(targets.get(0).module())));
        assertThat(named).hasSameSizeAs(pairs);
        Path file = folder.resolve(layout + ".safetensors");
        LoraWriter.write(file, Update.of(named), Map.of(), layout, DType.F32);
        return file;
    }

    /** A copy of a model with the adapter added to the weights of its encoders. */
    private Path changed(Path model, Map<String, LoraPair> pairs) throws IOException {
        Path copy = folder.resolve("changed");
        try (Stream<Path> files = Files.walk(model)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = copy.resolve(model.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
        try (Stream<Path> parts = Files.list(copy)) {
            for (Path part :
                    parts.filter(p -> p.getFileName().toString().startsWith("text_")).toList()) {
                Map<String, HostTensor> tensors = new LinkedHashMap<>();
                Fixture.tensors(model.resolve(part.getFileName().toString()))
                        .forEach(
                                (key, tensor) -> {
                                    String module =
                                            part.getFileName()
                                                    + "."
                                                    + key.replaceAll("\\.weight$", "");
                                    LoraPair pair = pairs.get(module);
                                    tensors.put(
                                            key,
                                            pair == null || key.endsWith(".bias")
                                                    ? tensor
                                                    : LoraMerge.merge(
                                                                    module,
                                                                    tensor,
                                                                    List.of(
                                                                            new LoraMerge.Part(
                                                                                    Update.of(pair),
                                                                                    1)),
                                                                    DType.F32)
                                                            .weight());
                                });
                SafetensorsWriter.write(part.resolve("model.safetensors"), tensors, Map.of());
            }
        }
        return copy;
    }

    private static float[] latents(Path model, List<Lora> adapters) {
        List<float[]> result = new ArrayList<>();
        Settings request = Runs.request(model, PROMPT, "uniform-2", SIDE, 1, adapters);
        Fixture.onCpu(ops -> result.add(Runs.latents(ops, request, model)));
        return result.get(0);
    }

    /** Largest difference in relation to the largest value. */
    private static double distance(float[] a, float[] b) {
        double most = 0;
        double scale = 0;
        for (int i = 0; i < b.length; i++) {
            most = Math.max(most, Math.abs((double) a[i] - b[i]));
            scale = Math.max(scale, Math.abs(b[i]));
        }
        return most / scale;
    }
}

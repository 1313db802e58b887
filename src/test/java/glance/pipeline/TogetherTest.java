package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import glance.api.AdapterSide;
import glance.api.CancelledException;
import glance.api.Lora;
import glance.api.Residency;
import glance.api.Strength;
import glance.backend.Device;
import glance.backend.KernelTable;
import glance.cases.ForwardingDevice;
import glance.fixtures.Fixture;
import glance.fixtures.TinyDit;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyKrea2;
import glance.fixtures.TinySd3;
import glance.fixtures.TinyZImage;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.model.Family;
import glance.model.GuidanceForm;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.parity.TestDevice;
import glance.pipeline.Drawing.Denoised;
import glance.schedule.PlanJson;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures with different adapters in one batch. */
class TogetherTest {
    private static final RunListener SILENT = new RunListener() {};
    private static final String PROMPT = "crane";

    /** Of values of about 1 after two steps in float32. */
    private static final float ROUNDING = 2e-5f;

    @TempDir private Path folder;

    private Path model(String family) {
        Path home = folder.resolve(family);
        switch (family) {
            case "flux" -> TinyFlux.dev(home);
            case "flux2" -> TinyFlux2.base(home);
            case "krea2" -> TinyKrea2.raw(home);
            case "sd3" -> TinySd3.in(home);
            case "z-image" -> TinyZImage.base(home);
            case "dit" -> TinyDit.in(home);
            default -> {
                return Fixture.tinyModel();
            }
        }
        return home;
    }

    /** An adapter that nobody trained, for every linear layer, those of the modulation too. */
    private Path adapter(ModelFolder model, String name, int rank) {
        Random random = new Random(rank);
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        TransformerModules.of(Families.of(model), model)
                .forEach(
                        (module, weight) -> {
                            if (weight.rank() == 2) {
                                HostTensor a = normal(rank, weight.dim(1), random);
                                HostTensor b = normal(weight.dim(0), rank, random);
                                pairs.put(module, new LoraPair(a, b, rank));
                            }
                        });
        Path file = folder.resolve(name + ".safetensors");
        LoraWriter.write(file, pairs, Map.of());
        return file;
    }

    private static HostTensor normal(int rows, int columns, Random random) {
        ByteBuffer data =
                ByteBuffer.allocate(rows * columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (data.hasRemaining()) {
            data.putFloat((float) (0.05 * random.nextGaussian()));
        }
        return new HostTensor(DType.F32, Shape.of(rows, columns), data.flip());
    }

    private static Settings settings(
            ModelFolder model, String negative, Guidance guidance, Lora... loras) {
        int size = Families.of(model).geometry(model).defaultSize();
        return new Settings(
                List.of(PROMPT),
                negative,
                7,
                1,
                size,
                size,
                guidance,
                PlanJson.find("uniform-2"),
                List.of(loras));
    }

    private static Guidance guidance(ModelFolder model, AdapterSide side) {
        Family.Defaults defaults = Families.of(model).defaults(model);
        return new Guidance(
                4, defaults.form(), defaults.rescale(), 0, defaults.embeddedGuidance(), side);
    }

    @ParameterizedTest
    @ValueSource(strings = {"glance-tiny", "flux", "flux2", "krea2", "sd3", "z-image", "dit"})
    void drawings_haveTogetherTheBitsThatTheyHaveAlone(String family) {
        ModelFolder model = ModelFolder.open(model(family));
        Fixture.onCpu(ops -> expectTheBitsAlone(ops, model));
    }

    /**
     * Texts of one length: no sum has another order than alone, but for products of few rows. Those
     * of the text's own blocks of Krea 2 are such ones here.
     */
    @ParameterizedTest
    @ValueSource(strings = {"glance-tiny", "flux", "flux2", "krea2", "sd3", "z-image", "dit"})
    void drawingsOfOtherPromptsAndSeeds_haveTheBitsThatTheyHaveAlone(String family) {
        ModelFolder model = ModelFolder.open(model(family));
        Lora lora = Lora.of(adapter(model, "first", 4));
        Guidance guidance = guidance(model, AdapterSide.BOTH);
        Settings one = settings(model, "", guidance);
        String second = family.equals("dit") ? "goldfish" : "goose";
        float tolerance = family.equals("krea2") ? ROUNDING : 0;
        List<Settings> all =
                List.of(
                        other(one, "crane", 7, 1),
                        other(one.withLoras(List.of(lora)), second, 8, 2),
                        other(one.withLoras(List.of(lora.on("2"))), "crane", 9, 1),
                        other(one, second, 7, 1));
        Fixture.onCpu(ops -> expectTheLatentsAlone(ops, model, all, tolerance));
    }

    /** Padding is masked, but moves what comes after it to other places of the sums. */
    @ParameterizedTest
    @ValueSource(strings = {"glance-tiny", "krea2", "z-image"})
    void drawingsOfLongerPrompts_haveTheLatentsThatTheyHaveAlone_butForRounding(String family) {
        ModelFolder model = ModelFolder.open(model(family));
        Lora lora = Lora.of(adapter(model, "first", 4));
        Settings one = settings(model, "", guidance(model, AdapterSide.POSITIVE));
        List<Settings> all =
                List.of(
                        other(one.withLoras(List.of(lora)), "a crane in the reeds", 7, 1),
                        other(one, "crane", 8, 1),
                        other(one.withLoras(List.of(lora.strength(0.3f))), "a crane", 9, 1));
        Fixture.onCpu(ops -> expectTheLatentsAlone(ops, model, all, ROUNDING));
    }

    /** Three pictures under two prompts each, and two when one has left. */
    @ParameterizedTest
    @ValueSource(strings = {"glance-tiny", "flux"})
    void drawingThatIsCancelled_takesItsRowsAlong(String family) {
        ModelFolder model = ModelFolder.open(model(family));
        Lora lora = Lora.of(adapter(model, "first", 4));
        Settings one =
                settings(model, "", guidance(model, AdapterSide.BOTH))
                        .with(PlanJson.find("uniform-4"), List.of());
        List<Settings> all =
                List.of(
                        other(one.withLoras(List.of(lora)), "crane", 7, 1),
                        other(one, "crane", 8, 1),
                        other(one.withLoras(List.of(lora.on("2-3"))), "crane", 9, 1));
        Fixture.onCpu(
                ops -> {
                    Set<Integer> batches = new LinkedHashSet<>();
                    Ops noting = new Ops(new NotingBatches(ops.device(), batches));
                    try (Pipeline pipeline = new Pipeline(noting, model, Residency.RESIDENT)) {
                        expectOneToLeave(noting, pipeline, all);
                    }
                    assertThat(batches).containsSequence(6, 4);
                });
    }

    private static void expectOneToLeave(Ops ops, Pipeline pipeline, List<Settings> all) {
        List<Last> lasts = List.of(new Last(ops), new Last(ops, 2), new Last(ops));
        List<Drawing> drawings = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            drawings.add(pipeline.prepare(all.get(i), lasts.get(i)));
        }
        Map<Drawing, List<ImageResult>> made = new HashMap<>();
        Map<Drawing, Throwable> failures = new HashMap<>();
        pipeline.run(drawings, ends(made, failures));
        assertThat(failures).containsOnlyKeys(drawings.get(1));
        assertThat(failures.get(drawings.get(1))).isInstanceOf(CancelledException.class);
        assertThat(made).containsOnlyKeys(drawings.get(0), drawings.get(2));
        assertThat(lasts.get(1).step).isEqualTo(2);
        for (int i = 0; i < all.size(); i += 2) {
            Last alone = new Last(ops);
            pipeline.run(all.get(i), alone);
            assertThat(lasts.get(i).values).isEqualTo(alone.values);
        }
        drawings.forEach(Drawing::close);
    }

    /** Notes the batches of attention. */
    private static final class NotingBatches extends ForwardingDevice {
        NotingBatches(Device device, Set<Integer> batches) {
            super(device, new KernelTable());
            device.kernels().kinds().forEach(kind -> forward(kind, device.kernels(), batches));
        }

        private <O extends Op> void forward(Class<O> kind, KernelTable run, Set<Integer> batches) {
            kernels()
                    .with(
                            kind,
                            op -> {
                                if (op instanceof Op.Attention attention) {
                                    batches.add(attention.q().dim(0));
                                }
                                run.run(op);
                            });
        }
    }

    private static Settings other(Settings like, String prompt, long seed, int batch) {
        return new Settings(
                List.of(prompt),
                like.negative(),
                seed,
                batch,
                like.width(),
                like.height(),
                like.guidance(),
                like.plan(),
                like.loras());
    }

    /** The last latents of a drawing. */
    private static final class Last implements RunListener {
        private final Ops ops;
        private final int mostSteps;
        private float[] values;
        private int step;

        Last(Ops ops) {
            this(ops, Integer.MAX_VALUE);
        }

        Last(Ops ops, int mostSteps) {
            this.ops = ops;
            this.mostSteps = mostSteps;
        }

        @Override
        public boolean isCancelled() {
            return step >= mostSteps;
        }

        @Override
        public void latents(int number, Tensor latents) {
            step = number;
            FloatBuffer buffer = ops.host().floats(latents);
            values = new float[buffer.remaining()];
            buffer.get(values);
        }
    }

    private static void expectTheLatentsAlone(
            Ops ops, ModelFolder model, List<Settings> all, float tolerance) {
        try (Pipeline pipeline = new Pipeline(ops, model, Residency.RESIDENT)) {
            List<Last> lasts = new ArrayList<>();
            List<Drawing> drawings = new ArrayList<>();
            for (Settings one : all) {
                lasts.add(new Last(ops));
                drawings.add(pipeline.prepare(one, lasts.get(lasts.size() - 1)));
            }
            assertThat(drawings).allMatch(drawings.get(0)::joins);
            Map<Drawing, List<ImageResult>> made = new HashMap<>();
            pipeline.run(drawings, ends(made, new HashMap<>()));
            for (int i = 0; i < all.size(); i++) {
                Last alone = new Last(ops);
                List<ImageResult> pictures = pipeline.run(all.get(i), alone);
                float[] together = lasts.get(i).values;
                assertThat(together).hasSameSizeAs(alone.values);
                for (int at = 0; at < together.length; at++) {
                    assertThat(together[at]).isCloseTo(alone.values[at], within(tolerance));
                }
                assertThat(made.get(drawings.get(i)))
                        .extracting(ImageResult::prompt, ImageResult::seed)
                        .isEqualTo(
                                pictures.stream()
                                        .map(one -> tuple(one.prompt(), one.seed()))
                                        .toList());
            }
            drawings.forEach(Drawing::close);
        }
    }

    private static DrawingEnds ends(
            Map<Drawing, List<ImageResult>> made, Map<Drawing, Throwable> failures) {
        return new DrawingEnds() {
            @Override
            public void done(Drawing drawing, List<ImageResult> pictures) {
                made.put(drawing, pictures);
            }

            @Override
            public void failed(Drawing drawing, Throwable cause) {
                failures.put(drawing, cause);
            }
        };
    }

    /** With one kernel for products of few rows and of many, whose sums have another order. */
    @TestFactory
    Stream<DynamicTest> drawings_haveTheBitsThatTheyHaveAlone_onEveryDevice() {
        return TestDevice.all().stream()
                .filter(device -> !device.isReference() && device.problem() == null)
                .map(device -> device.with("linear", "plain"))
                .map(device -> DynamicTest.dynamicTest("dit on " + device, () -> check(device)));
    }

    private void check(TestDevice test) {
        ModelFolder model = ModelFolder.open(model("dit"));
        try (Device device = test.open();
                Ops ops = new Ops(device)) {
            expectTheBitsAlone(ops, model);
        }
    }

    private void expectTheBitsAlone(Ops ops, ModelFolder model) {
        Lora first = Lora.of(adapter(model, "first", 4));
        Lora second = Lora.of(adapter(model, "second", 16));
        Guidance guidance = guidance(model, AdapterSide.POSITIVE);
        List<Settings> all =
                List.of(
                        settings(model, "", guidance),
                        settings(model, "", guidance, first.strength(0.5f)),
                        settings(model, "", guidance, first.strength(Strength.parse("1..0.2"))),
                        settings(model, "", guidance, first.on("1"), second.on("2")));
        try (Pipeline pipeline = new Pipeline(ops, model, Residency.RESIDENT)) {
            List<Drawing> drawings = new ArrayList<>();
            all.forEach(one -> drawings.add(pipeline.prepare(one, SILENT)));
            assertThat(drawings).allMatch(drawings.get(0)::joins);
            List<Denoised> together = Drawing.denoise(drawings, 0, 7);
            for (int i = 0; i < all.size(); i++) {
                float[] alone = drawings.get(i).denoise(0, 7).latents();
                assertThat(together.get(i).latents()).isEqualTo(alone);
                for (int other = 0; other < i; other++) {
                    assertThat(together.get(other).latents()).isNotEqualTo(alone);
                }
            }
            drawings.forEach(Drawing::close);
        }
    }

    /** Where the negative prompt is the prompt, guidance leads away from the model alone. */
    @Test
    void adaptersOnThePositiveSide_leaveTheNegativeSideAlone() {
        ModelFolder model = ModelFolder.open(Fixture.tinyModel());
        Lora lora = Lora.of(adapter(model, "adapter", 8)).on("1");
        Fixture.onCpu(
                ops -> {
                    float[] base = latents(ops, model, 1, AdapterSide.BOTH);
                    float[] adapted = latents(ops, model, 1, AdapterSide.BOTH, lora);
                    float[] both = latents(ops, model, 3, AdapterSide.BOTH, lora);
                    float[] positive = latents(ops, model, 3, AdapterSide.POSITIVE, lora);
                    for (int i = 0; i < base.length; i++) {
                        assertThat(both[i]).isCloseTo(adapted[i], within(1e-5f));
                        float away = base[i] + 3 * (adapted[i] - base[i]);
                        assertThat(positive[i]).isCloseTo(away, within(2e-5f));
                    }
                    assertThat(adapted).isNotEqualTo(base);
                });
    }

    /** After one step. */
    private static float[] latents(
            Ops ops, ModelFolder model, float number, AdapterSide side, Lora... loras) {
        Guidance guidance = new Guidance(number, GuidanceForm.FROM_NEGATIVE, false, 0, 0, side);
        Settings settings =
                settings(model, PROMPT, guidance).with(PlanJson.find("uniform-1"), List.of(loras));
        try (Pipeline pipeline = new Pipeline(ops, model, Residency.STREAM);
                Drawing drawing = pipeline.prepare(settings, SILENT)) {
            return drawing.denoise(0, 7).latents();
        }
    }
}

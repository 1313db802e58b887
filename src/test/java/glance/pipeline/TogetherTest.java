package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.api.AdapterSide;
import glance.api.Lora;
import glance.api.Residency;
import glance.api.Strength;
import glance.backend.Device;
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
import glance.ops.Ops;
import glance.ops.parity.TestDevice;
import glance.pipeline.Drawing.Denoised;
import glance.schedule.PlanJson;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

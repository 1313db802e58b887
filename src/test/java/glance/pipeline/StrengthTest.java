package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.BlockFactors;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.RequestException;
import glance.api.Strength;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyFlux;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.lora.LoraLayout;
import glance.lora.LoraPair;
import glance.lora.LoraWriter;
import glance.lora.Update;
import glance.ops.Ops;
import glance.schedule.PlanJson;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Strengths that change by step and by block, on adapters of every linear layer: the modulation
 * vectors, which are computed before the first step, depend on them too.
 */
class StrengthTest {
    /** Dual-stream blocks of the tiny FLUX. */
    private static final int DUAL = 1;

    @TempDir private Path folder;

    private Path model;
    private Path file;
    private Path other;

    @BeforeEach
    void adapters() {
        model = TinyFlux.dev(folder.resolve("model"));
        file = adapter("one", 1, "");
        other = adapter("two", 2, "");
    }

    /** An adapter of rank 2 for the layers whose names have this in them. */
    private Path adapter(String name, long seed, String part) {
        return adapter(name, seed, part, false);
    }

    private Path adapter(String name, long seed, String part, boolean dora) {
        ModelFolder opened = ModelFolder.open(model);
        Random random = new Random(seed);
        Map<String, Update> updates = new LinkedHashMap<>();
        TransformerModules.of(Families.of(opened), opened)
                .forEach(
                        (module, weight) -> {
                            if (module.contains(part) && weight.rank() == 2) {
                                HostTensor a = normal(2, weight.dim(1), random);
                                HostTensor b = normal(weight.dim(0), 2, random);
                                LoraPair pair = new LoraPair(a, b, 3);
                                HostTensor lengths = normal(weight.dim(0), 1, random);
                                updates.put(
                                        module,
                                        new Update(pair, null, dora ? lengths : null, null));
                            }
                        });
        Path path = folder.resolve(name + ".safetensors");
        LoraWriter.write(path, updates, Map.of(), LoraLayout.DIFFUSERS, DType.F32);
        return path;
    }

    private static HostTensor normal(int rows, int columns, Random random) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.1 * random.nextGaussian());
        }
        return HostFloats.tensor(DType.F32, Shape.of(rows, columns), values);
    }

    private float[] latents(List<Lora> loras) {
        return latents(PlanJson.find("uniform-4"), loras);
    }

    private float[] latents(Plan plan, List<Lora> loras) {
        Settings settings = Runs.request(model, "a star", "uniform-4", 32, 1, loras);
        List<float[]> result = new ArrayList<>();
        Fixture.onCpu(ops -> result.add(Runs.latents(ops, settings.with(plan, loras), model)));
        return result.get(0);
    }

    @ParameterizedTest
    @CsvSource({":1..1, :1", ":1/1/1/1, :1", ":0.5..0.5, :0.5", ":0/0/0/0, :0", ":2..3@2, :2@2"})
    void sameStrengthInOtherWords_hasTheSameBits(String options, String plain) {
        assertThat(latents(List.of(Lora.parse(file + options))))
                .isEqualTo(latents(List.of(Lora.parse(file + plain))));
    }

    @Test
    void strengthOfEachStep_isThatOfAnAdapterForEachStep() {
        float[] want =
                latents(
                        List.of(
                                Lora.parse(file + ":0.25@1"),
                                Lora.parse(file + ":0.5@2"),
                                Lora.parse(file + ":0.75@3"),
                                Lora.parse(file + "@4")));
        assertThat(latents(List.of(Lora.parse(file + ":0.25/0.5/0.75/1")))).isEqualTo(want);
        assertThat(latents(List.of(Lora.parse(file + ":0.25..1")))).isEqualTo(want);
        assertThat(want).isNotEqualTo(latents(List.of(Lora.of(file))));
    }

    /** The strength of a DoRA is part of what is on the device. */
    @Test
    void strengthOfADora_isThatOfAnAdapterForEachStep() {
        Path dora = adapter("dora", 3, "", true);
        float[] want =
                latents(
                        List.of(
                                Lora.parse(dora + ":0.5@1-2"),
                                Lora.parse(dora + ":1@3-4"),
                                Lora.parse(file + ":0.25@1"),
                                Lora.parse(file + ":0.75@2")));
        List<Lora> several =
                List.of(Lora.parse(dora + ":0.5/0.5/1/1"), Lora.parse(file + ":0.25/0.75@1-2"));
        assertThat(latents(several)).isEqualTo(want);
        assertThat(want).doesNotContain(Float.NaN);
        assertThat(want).isNotEqualTo(latents(List.of(Lora.of(dora))));
    }

    @Test
    void strengthsThatReturn_areTakenUpAgain() {
        float[] want =
                latents(
                        List.of(
                                Lora.parse(file + ":1@1"),
                                Lora.parse(file + ":0.5@2"),
                                Lora.parse(file + ":1@3"),
                                Lora.parse(file + ":0.5@4")));
        assertThat(latents(List.of(Lora.parse(file + ":1/0.5/1/0.5")))).isEqualTo(want);
    }

    @Test
    void twoAdapters_haveEachItsOwnStrength() {
        float[] want =
                latents(
                        List.of(
                                Lora.parse(file + ":0.5@1-2"),
                                Lora.parse(other + ":1@1-2"),
                                Lora.parse(file + ":1@3-4"),
                                Lora.parse(other + ":0.25@3-4")));
        float[] got =
                latents(
                        List.of(
                                Lora.parse(file + ":0.5/0.5/1/1"),
                                Lora.parse(other + ":1/1/0.25/0.25")));
        assertThat(got).isEqualTo(want);
    }

    @Test
    void sharesAndNoiseLevels_areTheStepsThatLieInside() {
        float[] want = latents(List.of(Lora.parse(file + "@1-2")));
        assertThat(latents(List.of(Lora.parse(file + "@0%-50%")))).isEqualTo(want);
        assertThat(latents(List.of(Lora.parse(file + "@sigma=1..0.7")))).isEqualTo(want);
    }

    @Test
    void factorsOfBlocks_areThoseOfThePlanFile() throws Exception {
        Path plan =
                Files.writeString(
                        folder.resolve("plan.json"),
                        "{\"of\": 4, \"phases\": {\"all\": [1, 4]}, \"adapters\": {\"all\": [{"
                                + "\"lora\": \"one.safetensors:1\", \"blocks\": {\"0-1\": 0}}]}}");
        BlockFactors none = new BlockFactors(List.of(new BlockFactors.Range(0, 1, 0)));
        float[] got = latents(PlanJson.read(plan), List.of());
        assertThat(got).isEqualTo(latents(List.of(Lora.of(file).blocks(none))));
        assertThat(got).isNotEqualTo(latents(List.of(Lora.of(file))));
        // the first single-stream block is the one behind the last dual-stream block
        Path first = adapter("first", 3, "single_transformer_blocks.0.");
        BlockFactors off = new BlockFactors(List.of(new BlockFactors.Range(DUAL, DUAL, 0)));
        BlockFactors rest = new BlockFactors(List.of(new BlockFactors.Range(0, DUAL - 1, 0)));
        float[] plain = latents(List.of());
        assertThat(latents(List.of(Lora.of(first).blocks(off)))).isEqualTo(plain);
        assertThat(latents(List.of(Lora.of(first).blocks(rest)))).isNotEqualTo(plain);
    }

    @Test
    void blocksThatTheModelLacks_areRefused() {
        BlockFactors far = new BlockFactors(List.of(new BlockFactors.Range(0, 99, 0.5f)));
        assertThatThrownBy(() -> latents(List.of(Lora.of(file).blocks(far))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("blocks 0-99: this model has blocks 0 to");
    }

    @Test
    void listOfAnotherLength_isRefusedBeforeAnythingIsLoaded() {
        assertThatThrownBy(() -> latents(List.of(Lora.parse(file + ":1/0.5@1-3"))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("strength '1/0.5': has 2 values for 3 steps");
        assertThatThrownBy(() -> latents(List.of(Lora.parse(file + ":1/0.5"))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("has 2 values for 4 steps");
    }

    @Test
    void strengthThatChanges_allocatesNothingAfterTheFirstStep_andWritesNoWeight() {
        Settings settings =
                Runs.request(
                        model,
                        "a star",
                        "uniform-6",
                        32,
                        1,
                        List.of(Lora.of(file).strength(Strength.ramp(0.2f, 1))));
        List<Long> held = new ArrayList<>();
        Fixture.onCpu(
                (Ops ops) ->
                        Runs.run(
                                ops,
                                ModelFolder.open(model),
                                settings,
                                new RunListener() {
                                    @Override
                                    public void step(
                                            int step, int steps, String phase, double seconds) {
                                        var stats = ops.device().memory().stats();
                                        held.add(
                                                stats.scratchBytes()
                                                        + stats.pooledBytes()
                                                        + stats.weightBytes());
                                    }
                                }));
        assertThat(held).hasSize(6);
        assertThat(held.subList(1, 6)).containsOnly(held.get(0));
    }
}

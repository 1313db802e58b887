package glance.model.krea2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import glance.api.Lora;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyKrea2;
import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.PartSource;
import glance.io.SafetensorsWriter;
import glance.lora.LoraFile;
import glance.model.PromptEncoder;
import glance.model.text.PromptCut;
import glance.schedule.NoiseSchedule;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Krea2FamilyTest {
    private static final Krea2Family FAMILY = new Krea2Family();

    @TempDir private Path folder;

    /** e^mu / (e^mu + 1) is what half becomes; mu is 1.15, or 0.5 at 256 tokens. */
    @Test
    void schedule_ofTurboDoesNotDependOnTheSize_andThatOfRawDoes() {
        NoiseSchedule turbo =
                FAMILY.schedule(ModelFolder.open(TinyKrea2.turbo(folder.resolve("t")).path()));
        NoiseSchedule raw =
                FAMILY.schedule(ModelFolder.open(TinyKrea2.raw(folder.resolve("r")).path()));
        float atTurbo = (float) (Math.exp(1.15) / (Math.exp(1.15) + 1));
        assertThat(turbo.sigmas(2, 256)).containsExactly(1, atTurbo, 0);
        assertThat(turbo.sigmas(2, 4096)).containsExactly(1, atTurbo, 0);
        assertThat(raw.sigmas(2, 256)[1]).isEqualTo((float) (Math.exp(0.5) / (Math.exp(0.5) + 1)));
        assertThat(raw.sigmas(2, 6400)[1]).isEqualTo(atTurbo);
    }

    @ParameterizedTest
    @CsvSource({
        "krea2_turbo_fp8.safetensors, uniform-8",
        "krea2-RAW.safetensors, uniform-52",
        "mine.safetensors, uniform-52"
    })
    void defaults_ofAFile_followItsName(String file, String plan) {
        ModelFolder model = ModelFolder.open(TinyKrea2.raw(folder).path());
        ModelFolder with = model.with("transformer", PartSource.folder(folder.resolve(file)));
        assertThat(FAMILY.defaults(with).plan().name()).isEqualTo(plan);
    }

    /** The end of the template survives a prompt that is cut before it. */
    @Test
    void prompt_isCutBeforeTheEndOfTheTemplate() {
        ModelFolder model = ModelFolder.open(TinyKrea2.turbo(folder).path());
        Fixture.onCpu(
                ops -> {
                    try (PromptEncoder whole = FAMILY.openPromptEncoder(ops, model, 100);
                            PromptEncoder cut = FAMILY.openPromptEncoder(ops, model, 12)) {
                        int[] ids = whole.tokenIds("a red circle left of a blue star");
                        int[] few = cut.tokenIds("a red circle left of a blue star");
                        int[] none = whole.tokenIds("");
                        assertThat(few.length).isLessThan(ids.length);
                        int end = 5;
                        assertThat(last(few, end))
                                .isEqualTo(last(ids, end))
                                .isEqualTo(last(none, end));
                        assertThat(Arrays.copyOf(few, few.length - end))
                                .isEqualTo(Arrays.copyOf(ids, few.length - end));
                        List<PromptCut> cuts = cut.cuts("a red circle left of a blue star");
                        assertThat(cuts).hasSize(1);
                        assertThat(cuts.get(0).tokens()).isEqualTo(ids.length - few.length);
                    }
                });
    }

    private static int[] last(int[] ids, int count) {
        return Arrays.copyOfRange(ids, ids.length - count, ids.length);
    }

    /** Texts of different lengths are padded on the right; nobody sees the padding. */
    @Test
    void batchOfTexts_isEachAlone() {
        ModelFolder model = ModelFolder.open(TinyKrea2.turbo(folder).path());
        Fixture.onCpu(
                ops -> {
                    try (PromptEncoder encoder = FAMILY.openPromptEncoder(ops, model)) {
                        Tensor both =
                                encoder.encode(ops, List.of("a", "a red circle")).embeddings();
                        Tensor one = encoder.encode(ops, List.of("a")).embeddings();
                        FloatBuffer want = ops.host().floats(one);
                        FloatBuffer got =
                                ops.host()
                                        .floats(
                                                ops.pack(
                                                        both.narrow(0, 0, 1)
                                                                .narrow(1, 0, one.dim(1))));
                        for (int i = 0; i < want.remaining(); i++) {
                            assertThat(got.get(i)).isCloseTo(want.get(i), within(1e-4f));
                        }
                    }
                });
    }

    /** The text is fused once for each strength, and steps of another strength see their own. */
    @Test
    void adapterOfTheTextsBlocks_actsInTheStepsItIsFor_withTheirStrengths() {
        TinyFolder model = TinyKrea2.turbo(folder);
        Path file = model.adapter("text_fusion.layerwise_blocks.0.ff.down", 24, 32);
        int[] plain = draw(List.of());
        int[] first = draw(List.of(Lora.of(file).on("1")));
        int[] both = draw(List.of(Lora.of(file)));
        int[] falling = draw(List.of(Lora.of(file).on("1"), Lora.of(file).strength(0.5f).on("2")));
        assertThat(first).isNotEqualTo(plain);
        assertThat(both).isNotEqualTo(first);
        assertThat(falling).isNotEqualTo(both).isNotEqualTo(first);
    }

    /** In the names of Krea, of a table that the last layer's modulation adds. */
    @Test
    void adapterOfATable_isAppliedWithoutIt_andSaysWhy() {
        Path file = folder.resolve("extracted.safetensors");
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        put(tensors, "diffusion_model.blocks.0.attn.wq", 32);
        put(tensors, "diffusion_model.last.modulation.lin", 2);
        SafetensorsWriter.write(file, tensors, Map.of());
        Map<String, Shape> modules = Map.of("transformer_blocks.0.attn.to_q", Shape.of(32, 32));
        LoraFile adapter = LoraFile.open(file, FAMILY.keyMap(), modules);
        assertThat(adapter.updates()).containsOnlyKeys("transformer_blocks.0.attn.to_q");
        assertThat(adapter.unused())
                .singleElement()
                .asString()
                .startsWith("not used, a table of this model, and only layers take adapters: ")
                .contains("last.modulation.lin");
    }

    private static void put(Map<String, HostTensor> tensors, String module, int out) {
        Shape a = Shape.of(1, 32);
        Shape b = Shape.of(out, 1);
        tensors.put(module + ".lora_A.weight", HostFloats.tensor(DType.F32, a, new float[32]));
        tensors.put(module + ".lora_B.weight", HostFloats.tensor(DType.F32, b, new float[out]));
    }

    private int[] draw(List<Lora> loras) {
        return Runs.pixels(folder, "a star", "uniform-2", loras);
    }
}

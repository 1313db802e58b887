package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.AdamWSettings;
import glance.api.FormatException;
import glance.api.TrainingFailure;
import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.qwenimage.QwenImageFamily;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training of the model that ships, on small pictures of noise. */
class AdapterTrainerTest {
    private static final int STEPS = 4;
    private static final Map<String, String> THIS_RUN = Map.of("seed", "7");

    @TempDir Path folder;

    /** What a run shows to the outside, and the memory that its steps needed at most. */
    private record Run(
            List<AdapterTrainer.Result> results, List<FloatBuffer> parameters, long bytes) {}

    @FunctionalInterface
    private interface Body {
        void accept(Ops ops, Denoiser denoiser, List<TrainingExample> examples);
    }

    private static void onModel(int threads, Body body) {
        Fixture.onCpu(
                threads,
                ops -> {
                    ModelFolder model = ModelFolder.open(Fixture.tinyModel());
                    try (Denoiser denoiser = new QwenImageFamily().openDenoiser(ops, model)) {
                        body.accept(ops, denoiser, TrainerFixture.examples(ops, 3, 64, 128));
                    }
                });
    }

    private static Run run(int threads, TrainingSettings settings) {
        Run[] run = new Run[1];
        onModel(
                threads,
                (ops, denoiser, examples) -> {
                    try (AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, examples, settings)) {
                        run[0] = go(ops, trainer, STEPS);
                    }
                });
        return run[0];
    }

    private static Run go(Ops ops, AdapterTrainer trainer, int steps) {
        ops.device().memory().resetPeak();
        long before = ops.device().memory().stats().scratchBytes();
        List<AdapterTrainer.Result> results = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            results.add(trainer.step());
        }
        return new Run(
                results,
                TrainerFixture.parameters(ops, trainer),
                ops.device().memory().stats().peakScratchBytes() - before);
    }

    private static TrainingSettings settings() {
        return TrainerFixture.settings(TrainerFixture.TARGETS, 2, true);
    }

    private static void expectSame(Run got, Run want) {
        assertThat(got.results()).isEqualTo(want.results());
        assertThat(got.parameters()).isEqualTo(want.parameters());
    }

    @Test
    void steps_repeated_giveTheSameBits() {
        expectSame(run(2, settings()), run(2, settings()));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void steps_severalThreads_giveTheBitsOfOne(int threads) {
        expectSame(run(threads, settings()), run(1, settings()));
    }

    @Test
    void checkpointing_givesTheSameBitsWithLessMemory() {
        Run again = run(2, settings());
        Run kept = run(2, TrainerFixture.settings(TrainerFixture.TARGETS, 2, false));
        expectSame(again, kept);
        // of five blocks one at a time is kept
        assertThat(again.bytes()).isLessThan(kept.bytes() / 2);
    }

    @Test
    void step_everyLinearLayerATarget_hasGradients() {
        onModel(
                2,
                (ops, denoiser, examples) -> {
                    List<String> all = List.copyOf(denoiser.linears().keySet());
                    try (AdapterTrainer trainer =
                            TrainerFixture.trainer(
                                    ops,
                                    denoiser,
                                    examples,
                                    TrainerFixture.settings(all, 1, true))) {
                        Run run = go(ops, trainer, 2);
                        List<Boolean> changed = new ArrayList<>();
                        for (int i = 1; i < run.parameters().size(); i += 2) {
                            FloatBuffer b = run.parameters().get(i);
                            changed.add(!b.equals(FloatBuffer.allocate(b.capacity())));
                        }
                        // the last block's text stream stops before its output
                        List<String> still = new ArrayList<>();
                        for (int i = 0; i < all.size(); i++) {
                            if (!changed.get(i)) {
                                still.add(all.get(i));
                            }
                        }
                        assertThat(still)
                                .containsExactlyInAnyOrder(
                                        "transformer_blocks.4.attn.add_q_proj",
                                        "transformer_blocks.4.attn.to_add_out",
                                        "transformer_blocks.4.txt_mlp.net.0.proj",
                                        "transformer_blocks.4.txt_mlp.net.2");
                    }
                });
    }

    @Test
    void step_givesAllMemoryButTheStateBack() {
        onModel(
                2,
                (ops, denoiser, examples) -> {
                    long before = ops.device().memory().stats().scratchBytes();
                    AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, examples, settings());
                    long state = ops.device().memory().stats().scratchBytes();
                    trainer.step();
                    assertThat(ops.device().memory().stats().scratchBytes()).isEqualTo(state);
                    trainer.close();
                    assertThat(ops.device().memory().stats().scratchBytes()).isEqualTo(before);
                });
    }

    @Test
    void eightBitMoments_giveTheBitsOfOneThreadAndAboutTheSameLosses() {
        Run run = run(3, eightBit());
        expectSame(run, run(1, eightBit()));
        Run exact = run(2, large(AdamWSettings.defaults()));
        assertThat(run.parameters()).isNotEqualTo(exact.parameters());
        for (int i = 0; i < STEPS; i++) {
            float want = exact.results().get(i).loss();
            assertThat(run.results().get(i).loss()).isCloseTo(want, Offset.offset(1e-3f * want));
        }
    }

    private static TrainingSettings eightBit() {
        return large(AdamWSettings.defaults().withEightBitMoments(true));
    }

    /** An adapter large enough for 8 bits. */
    private static TrainingSettings large(AdamWSettings optimizer) {
        return new TrainingSettings(
                TrainerFixture.TARGETS, 32, 32, 1e-3f, 0, 10, 1, 0, 1, optimizer, true, 17);
    }

    @Test
    void checkpoint_resumed_goesOnWithTheSameBits() {
        expectResumed(settings());
    }

    @Test
    void checkpointOfEightBitMoments_resumed_goesOnWithTheSameBits() {
        expectResumed(eightBit());
    }

    private void expectResumed(TrainingSettings settings) {
        Path file = folder.resolve("state.safetensors");
        onModel(
                2,
                (ops, denoiser, examples) -> {
                    Run whole;
                    try (AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, examples, settings)) {
                        go(ops, trainer, 2);
                        Checkpoint.write(file, ops, trainer, THIS_RUN);
                        whole = go(ops, trainer, 2);
                    }
                    try (AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, examples, settings)) {
                        Checkpoint.resume(file, ops, trainer, THIS_RUN);
                        assertThat(trainer.stepsDone()).isEqualTo(2);
                        expectSame(go(ops, trainer, 2), whole);
                    }
                });
    }

    @Test
    void checkpoint_ofAnotherRun_isRefused() {
        Path file = folder.resolve("state.safetensors");
        onModel(
                2,
                (ops, denoiser, examples) -> {
                    try (AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, examples, settings())) {
                        Checkpoint.write(file, ops, trainer, THIS_RUN);
                        assertThatThrownBy(
                                        () ->
                                                Checkpoint.resume(
                                                        file, ops, trainer, Map.of("seed", "8")))
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining("another run, which differs in seed");
                    }
                });
    }

    @Test
    void step_lossNotFinite_namesTheStepAndLeavesTheAdapter() {
        onModel(
                2,
                (ops, denoiser, examples) -> {
                    float[] values = new float[TrainerFixture.GRID.tokens() * 64];
                    Arrays.fill(values, Float.NaN);
                    TrainingExample good = examples.get(0);
                    Tensor bad = ops.host().floats(Shape.of(1, values.length / 64, 64), values);
                    TrainingExample broken =
                            new TrainingExample(bad, good.caption(), good.dropped(), good.grid());
                    try (AdapterTrainer trainer =
                            TrainerFixture.trainer(ops, denoiser, List.of(broken), settings())) {
                        List<FloatBuffer> before = TrainerFixture.parameters(ops, trainer);
                        assertThatThrownBy(trainer::step)
                                .isInstanceOf(TrainingFailure.class)
                                .hasMessageContaining("training step 1: the loss at sigma")
                                .hasMessageContaining("NaN");
                        assertThat(TrainerFixture.parameters(ops, trainer)).isEqualTo(before);
                        assertThat(trainer.stepsDone()).isZero();
                    }
                });
    }

    @Test
    void targets_namingNoLayer_areRefused() {
        onModel(
                2,
                (ops, denoiser, examples) ->
                        assertThatThrownBy(
                                        () ->
                                                TrainerFixture.trainer(
                                                        ops,
                                                        denoiser,
                                                        examples,
                                                        TrainerFixture.settings(
                                                                List.of("to_x"), 1, true)))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining("'to_x' names no linear layer"));
    }
}

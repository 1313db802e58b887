package glance.train;

import glance.api.AdamWSettings;
import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import glance.lora.PhaseNote;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Families;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Short runs of glance-tiny on made-up latents. */
final class TinyTraining {
    static final PhaseNote NOTE = new PhaseNote("glance", "slow", List.of(1f, 0.9f));
    static final Map<String, String> RUN = Map.of("model", "tiny", "rank", "2");

    private TinyTraining() {}

    static TrainingSettings settings(float rate, boolean checkpointing) {
        return new TrainingSettings(
                List.of("to_q", "img_mod.1"),
                2,
                8,
                rate,
                2,
                4,
                2,
                0.25f,
                1,
                AdamWSettings.defaults(),
                checkpointing,
                5);
    }

    /** Runs a test body with a trainer. */
    static void with(TrainingSettings settings, BiConsumer<Ops, AdapterTrainer> body) {
        ModelFolder model = ModelFolder.open(Fixture.tinyModel());
        Family family = Families.of(model);
        Fixture.onCpu(
                ops -> {
                    try (Scope scope = ops.scope();
                            Denoiser denoiser = family.openDenoiser(ops, model);
                            AdapterTrainer trainer =
                                    new AdapterTrainer(
                                            ops,
                                            denoiser,
                                            List.of(example(ops, 1), example(ops, 2)),
                                            grid -> new float[] {1, 0.9f},
                                            settings,
                                            0)) {
                        body.accept(ops, trainer);
                    }
                });
    }

    private static TrainingExample example(Ops ops, int seed) {
        SeededNoise noise = new SeededNoise(seed);
        return new TrainingExample(
                ops.host().floats(Shape.of(1, 4, 64), noise.normal(4 * 64)),
                text(ops, noise.normal(3 * 128), 3),
                text(ops, noise.normal(128), 1),
                new TokenGrid(2, 2));
    }

    private static TextBatch text(Ops ops, FloatBuffer values, int tokens) {
        return new TextBatch(
                ops.host().floats(Shape.of(1, tokens, 128), values),
                ops.host().ints(Shape.of(1), tokens));
    }

    static PhaseTraining phase(Ops ops, AdapterTrainer trainer, Path folder) {
        return new PhaseTraining(ops, trainer, NOTE, PhaseFiles.in(folder, "slow"), RUN);
    }
}

package glance.train;

import glance.api.AdamWSettings;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.schedule.SeededNoise;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Small things to train with. */
final class TrainerFixture {
    static final List<String> TARGETS =
            List.of("to_q", "to_k", "to_v", "add_k_proj", "to_out.0", "img_mlp.net.2", "img_mod.1");
    static final float[] SIGMAS = {1, 0.7f, 0.3f};
    static final TokenGrid GRID = new TokenGrid(7, 9);

    private TrainerFixture() {}

    static TrainingSettings settings(List<String> targets, int accumulation, boolean checkpoints) {
        return new TrainingSettings(
                targets,
                4,
                8,
                1e-3f,
                3,
                10,
                accumulation,
                0.3f,
                1,
                AdamWSettings.defaults(),
                checkpoints,
                17);
    }

    static AdapterTrainer trainer(
            Ops ops, Denoiser denoiser, List<TrainingExample> examples, TrainingSettings settings) {
        return new AdapterTrainer(ops, denoiser, examples, grid -> SIGMAS, settings, 1);
    }

    /** Pictures of noise. */
    static List<TrainingExample> examples(Ops ops, int count, int channels, int textDim) {
        List<TrainingExample> result = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Tensor latents = noise(ops, 10 + i, 1, GRID.tokens(), channels);
            TextBatch caption = text(ops, 20 + i, 5, textDim);
            result.add(new TrainingExample(latents, caption, text(ops, 30, 1, textDim), GRID));
        }
        return result;
    }

    private static TextBatch text(Ops ops, int seed, int tokens, int dim) {
        return new TextBatch(
                noise(ops, seed, 1, tokens, dim), ops.host().ints(Shape.of(1), tokens));
    }

    private static Tensor noise(Ops ops, int seed, int... dims) {
        Shape shape = Shape.of(dims);
        int count = Math.toIntExact(shape.numel());
        return ops.host().floats(shape, new SeededNoise(seed).normal(count));
    }

    /** The parameters of an adapter as they are now, in its order. */
    static List<FloatBuffer> parameters(Ops ops, AdapterTrainer trainer) {
        return trainer.adapter().parameters().stream().map(p -> ops.host().floats(p)).toList();
    }
}

package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Weights;
import glance.model.qwenimage.QwenImageConfig;
import glance.model.qwenimage.QwenImageModulation;
import glance.model.qwenimage.QwenImageTransformer;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** QwenImageTransformer2DModel, without adapter and with each adapter file that the case names. */
final class QwenImageTransformerCheck {
    private QwenImageTransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        JsonNode json = folder.json();
        Path home =
                json.hasNonNull("weights")
                        ? folder.path().resolve(json.get("weights").asText())
                        : folder.path();
        QwenImageConfig config =
                QwenImageConfig.of(glance.io.Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(home);
                QwenImageTransformer transformer = new QwenImageTransformer(ops, config, weights)) {
            if (folder.has("out.sample")) {
                folder.compare("out.sample", ops, sample(folder, ops, transformer));
            }
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, QwenImageTransformer transformer) {
        JsonNode grid = folder.required("img_shapes").path(0);
        FloatBuffer timesteps = folder.floats("in.timestep");
        float[] sigmas = new float[timesteps.remaining()];
        timesteps.get(sigmas);
        int[] lengths = Masks.lengths(folder, "in.encoder_hidden_states_mask");
        TextBatch text =
                new TextBatch(
                        folder.tensor(ops, "in.encoder_hidden_states"),
                        ops.host().ints(Shape.of(lengths.length), lengths));
        QwenImageModulation modulation = transformer.modulation(ops, sigmas);
        Tensor latents = folder.tensor(ops, "in.hidden_states");
        return transformer.velocity(
                ops, latents, text, modulation, grid.path(1).asInt(), grid.path(2).asInt());
    }
}

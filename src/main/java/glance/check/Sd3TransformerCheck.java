package glance.check;

import glance.io.Config;
import glance.io.Weights;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.model.sd3.Sd3Config;
import glance.model.sd3.Sd3Family;
import glance.model.sd3.Sd3Transformer;
import glance.model.transformer.Modulation;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;

/** SD3Transformer2DModel, without adapter and with the adapter file of the case. */
final class Sd3TransformerCheck {
    private Sd3TransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Path home = AdapterCheck.weights(folder);
        Sd3Config config = Sd3Config.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(home));
                Sd3Transformer transformer = new Sd3Transformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            new Sd3Family().keyMap(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, Sd3Transformer transformer) {
        Tensor latents = folder.tensor(ops, "in.hidden_states");
        int patch = transformer.config().patchSize();
        TokenGrid grid = new TokenGrid(latents.dim(2) / patch, latents.dim(3) / patch);
        FloatBuffer recorded = folder.floats("in.timestep");
        float[] timesteps = new float[recorded.remaining()];
        recorded.get(timesteps);
        Modulation modulation =
                transformer.modulation(ops, timesteps, folder.tensor(ops, "in.pooled_projections"));
        Tensor velocity =
                transformer.velocity(
                        ops,
                        Latents.pack(ops, latents, patch),
                        folder.tensor(ops, "in.encoder_hidden_states"),
                        modulation,
                        grid);
        return ops.pack(Latents.unpack(ops, velocity, patch, grid).permute(0, 3, 1, 2));
    }
}

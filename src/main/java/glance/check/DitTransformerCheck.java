package glance.check;

import glance.io.Config;
import glance.io.Weights;
import glance.lora.KeyMap;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.model.dit.DitConfig;
import glance.model.dit.DitTransformer;
import glance.model.transformer.Modulation;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;

/** DiTTransformer2DModel, without adapter and with the adapter file of the case. */
final class DitTransformerCheck {
    private DitTransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Path home = AdapterCheck.weights(folder);
        DitConfig config = DitConfig.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(home));
                DitTransformer transformer = new DitTransformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            KeyMap.identity(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, DitTransformer transformer) {
        Tensor latents = folder.tensor(ops, "in.hidden_states");
        int patch = transformer.config().patchSize();
        TokenGrid grid = new TokenGrid(latents.dim(2) / patch, latents.dim(3) / patch);
        List<int[]> times = folder.integerRows("in.timestep");
        List<int[]> labels = folder.integerRows("in.class_labels");
        float[] timesteps = new float[latents.dim(0)];
        int[] classes = new int[latents.dim(0)];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = value(times, i);
            classes[i] = value(labels, i);
        }
        Modulation modulation = transformer.modulation(ops, timesteps, classes);
        Tensor noise =
                transformer.noise(
                        ops,
                        Latents.pack(ops, latents, patch),
                        modulation,
                        transformer.positions(ops, grid));
        return ops.pack(Latents.unpack(ops, noise, patch, grid).permute(0, 3, 1, 2));
    }

    /** A vector is read as one row. */
    private static int value(List<int[]> rows, int i) {
        return rows.size() == 1 ? rows.get(0)[i] : rows.get(i)[0];
    }
}

package glance.check;

import glance.io.Config;
import glance.io.Weights;
import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.flux.FluxConfig;
import glance.model.flux.FluxKeyMap;
import glance.model.flux.FluxTransformer;
import glance.model.transformer.Modulation;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** FluxTransformer2DModel, without adapter and with each adapter file that the case names. */
final class FluxTransformerCheck {
    private FluxTransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Path home = AdapterCheck.weights(folder);
        FluxConfig config = FluxConfig.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(home));
                FluxTransformer transformer = new FluxTransformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            new FluxKeyMap(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, FluxTransformer transformer) {
        float[] sigmas = folder.values("in.timestep");
        float[] scales =
                folder.has("in.guidance") ? folder.values("in.guidance") : new float[sigmas.length];
        Modulation modulation =
                transformer.modulation(
                        ops, sigmas, scales, folder.tensor(ops, "in.pooled_projections"));
        Tensor text = folder.tensor(ops, "in.encoder_hidden_states");
        return transformer.velocity(
                ops,
                folder.tensor(ops, "in.hidden_states"),
                Optional.empty(),
                text,
                modulation,
                transformer.positions(ops, text.dim(1), new Canvas(grid(folder))));
    }

    /** The ids are (0, row, column), row by row; the last token has the largest of both. */
    private static TokenGrid grid(CaseFolder folder) {
        FloatBuffer ids = folder.floats("in.img_ids");
        int last = ids.remaining() - 3;
        return new TokenGrid((int) ids.get(last + 1) + 1, (int) ids.get(last + 2) + 1);
    }
}

package glance.check;

import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Config;
import glance.io.Weights;
import glance.lora.KeyMap;
import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.qwenimage.QwenImageConfig;
import glance.model.qwenimage.QwenImageTransformer;
import glance.model.text.TextBatch;
import glance.model.transformer.Modulation;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** QwenImageTransformer2DModel, without adapter and with each adapter file that the case names. */
final class QwenImageTransformerCheck {
    private QwenImageTransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Path home = AdapterCheck.weights(folder);
        QwenImageConfig config = QwenImageConfig.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(home));
                QwenImageTransformer transformer = new QwenImageTransformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            KeyMap.identity(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, QwenImageTransformer transformer) {
        JsonNode shape = folder.required("img_shapes").path(0);
        TokenGrid grid = new TokenGrid(shape.path(1).asInt(), shape.path(2).asInt());
        FloatBuffer timesteps = folder.floats("in.timestep");
        float[] sigmas = new float[timesteps.remaining()];
        timesteps.get(sigmas);
        Tensor embeddings = folder.tensor(ops, "in.encoder_hidden_states");
        int[] lengths = Masks.lengths(folder, "in.encoder_hidden_states_mask");
        Tensor counts = ops.host().ints(Shape.of(lengths.length), lengths);
        Modulation modulation = transformer.modulation(ops, sigmas);
        return transformer.velocity(
                ops,
                folder.tensor(ops, "in.hidden_states"),
                Optional.empty(),
                new TextBatch(embeddings, counts),
                modulation,
                List.of(),
                transformer.positions(ops, embeddings.dim(1), new Canvas(grid)));
    }
}

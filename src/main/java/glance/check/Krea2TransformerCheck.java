package glance.check;

import glance.io.Config;
import glance.io.Weights;
import glance.model.TokenGrid;
import glance.model.krea2.Krea2Config;
import glance.model.krea2.Krea2Family;
import glance.model.krea2.Krea2Transformer;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Krea2Transformer2DModel, without adapter and with each adapter file that the case names. The mask
 * may have holes: the real tokens are moved to the front, which changes nothing for the picture.
 */
final class Krea2TransformerCheck {
    private Krea2TransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Path home = AdapterCheck.weights(folder);
        Krea2Config config = Krea2Config.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(home));
                Krea2Transformer transformer = new Krea2Transformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            new Krea2Family().keyMap(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, Krea2Transformer transformer) {
        FloatBuffer timesteps = folder.floats("in.timestep");
        float[] sigmas = new float[timesteps.remaining()];
        timesteps.get(sigmas);
        TextBatch text = transformer.text(ops, text(folder, ops));
        return transformer.velocity(
                ops,
                folder.tensor(ops, "in.hidden_states"),
                text,
                transformer.modulation(ops, sigmas),
                transformer.positions(ops, text.embeddings().dim(1), grid(folder)));
    }

    /** The real tokens of [batch, tokens, layers, width], in front. */
    private static TextBatch text(CaseFolder folder, Ops ops) {
        List<int[]> mask = folder.integerRows("in.encoder_attention_mask");
        int[] lengths = mask.stream().mapToInt(row -> Arrays.stream(row).sum()).toArray();
        int maxLen = Masks.longest(mask);
        FloatBuffer kept = Masks.inFront(folder.floats("in.encoder_hidden_states"), mask);
        int dim = kept.remaining() / (mask.size() * maxLen);
        return new TextBatch(
                ops.host().floats(Shape.of(mask.size(), maxLen, dim), kept),
                ops.host().ints(Shape.of(lengths.length), lengths));
    }

    /** The ids are (0, row, column), row by row; the last token has the largest of both. */
    private static TokenGrid grid(CaseFolder folder) {
        FloatBuffer ids = folder.floats("in.position_ids");
        int last = ids.remaining() - 3;
        return new TokenGrid((int) ids.get(last + 1) + 1, (int) ids.get(last + 2) + 1);
    }
}

package glance.check;

import glance.io.Config;
import glance.io.Weights;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.model.zimage.ZImageConfig;
import glance.model.zimage.ZImageFamily;
import glance.model.zimage.ZImageLayout;
import glance.model.zimage.ZImageTransformer;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** ZImageTransformer2DModel; captions are recorded one by one, without padding. */
final class ZImageTransformerCheck {
    private static final int PATCH = 2;

    private ZImageTransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Path home = AdapterCheck.weights(folder);
        ZImageConfig config = ZImageConfig.of(Config.read(home.resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(home));
                ZImageTransformer transformer = new ZImageTransformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            new ZImageFamily().keyMap(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    private static Tensor sample(CaseFolder folder, Ops ops, ZImageTransformer transformer) {
        FloatBuffer times = folder.floats("in.timestep");
        float[] sigmas = new float[times.remaining()];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = 1 - times.get(i);
        }
        Tensor pixels = folder.tensor(ops, "in.hidden_states");
        TokenGrid grid = new TokenGrid(pixels.dim(2) / PATCH, pixels.dim(3) / PATCH);
        int[] lengths = new int[sigmas.length];
        TextBatch captions = captions(folder, ops, lengths);
        ZImageLayout layout = transformer.layout(ops, lengths, grid);
        Tensor tokens =
                transformer.predict(
                        ops,
                        Latents.pack(ops, pixels, PATCH),
                        transformer.text(ops, captions, lengths, layout),
                        transformer.modulation(ops, sigmas),
                        layout);
        return ops.pack(Latents.unpack(ops, tokens, PATCH, grid).permute(0, 3, 1, 2));
    }

    /** The captions in one batch; fills in their lengths. */
    private static TextBatch captions(CaseFolder folder, Ops ops, int[] lengths) {
        int longest = 0;
        for (int b = 0; b < lengths.length; b++) {
            lengths[b] = folder.tensor(ops, "in.cap_feats." + b).dim(0);
            longest = Math.max(longest, lengths[b]);
        }
        List<Tensor> rows = new ArrayList<>();
        for (int b = 0; b < lengths.length; b++) {
            Tensor one = folder.tensor(ops, "in.cap_feats." + b);
            int width = one.dim(1);
            Shape rest = Shape.of(longest - lengths[b], width);
            Tensor padding = ops.host().floats(rest, new float[(int) rest.numel()]);
            Tensor row = ops.concat(0, List.of(one, padding));
            rows.add(row.reshape(1, longest, width));
        }
        Tensor counts = ops.host().ints(Shape.of(lengths.length), lengths);
        return new TextBatch(ops.concat(0, rows), counts);
    }
}

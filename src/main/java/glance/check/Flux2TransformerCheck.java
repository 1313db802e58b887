package glance.check;

import glance.io.Config;
import glance.io.Weights;
import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.flux2.Flux2Config;
import glance.model.flux2.Flux2KeyMap;
import glance.model.flux2.Flux2Transformer;
import glance.op.Rope;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Flux2Transformer2DModel, without adapter and with each adapter file that the case names. */
final class Flux2TransformerCheck {
    private Flux2TransformerCheck() {}

    static void run(CaseFolder folder, Ops ops) {
        Flux2Config config =
                Flux2Config.of(Config.read(AdapterCheck.weights(folder).resolve("config.json")));
        try (Weights weights = Weights.open(folder.weights(AdapterCheck.weights(folder)));
                Flux2Transformer transformer = new Flux2Transformer(ops, config, weights)) {
            new AdapterCheck(
                            folder,
                            ops,
                            transformer.parameters(),
                            new Flux2KeyMap(),
                            () -> sample(folder, ops, transformer))
                    .run();
        }
    }

    /** The case has the tokens of references in its latents, and compares their prediction too. */
    private static Tensor sample(CaseFolder folder, Ops ops, Flux2Transformer transformer) {
        float[] sigmas = folder.values("in.timestep");
        float[] scales =
                folder.has("in.guidance") ? folder.values("in.guidance") : new float[sigmas.length];
        Tensor text = folder.tensor(ops, "in.encoder_hidden_states");
        Rope positions = transformer.positions(ops, text.dim(1), canvas(folder));
        return transformer.velocity(
                ops,
                folder.tensor(ops, "in.hidden_states"),
                Optional.empty(),
                text,
                transformer.modulation(ops, sigmas, scales),
                positions);
    }

    /** The ids of a picture are (picture, row, column, 0), row by row; its last are the largest. */
    private static Canvas canvas(CaseFolder folder) {
        List<int[]> ids = folder.integerRows("in.img_ids");
        List<TokenGrid> grids = new ArrayList<>();
        int tokens = ids.size() / folder.floats("in.timestep").remaining();
        for (int i = 0; i < tokens; i++) {
            if (i + 1 == tokens || ids.get(i + 1)[0] != ids.get(i)[0]) {
                grids.add(new TokenGrid(ids.get(i)[1] + 1, ids.get(i)[2] + 1));
            }
        }
        return new Canvas(
                grids.get(0),
                grids.stream().skip(1).map(grid -> new Canvas.Reference(null, grid)).toList());
    }
}

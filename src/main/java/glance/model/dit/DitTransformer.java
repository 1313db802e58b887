package glance.model.dit;

import glance.io.Weights;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.model.transformer.Modulation;
import glance.model.transformer.PatchEmbedding;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The denoiser of DiT (Peebles and Xie, arXiv 2212.09748), which predicts the noise in packed
 * latents of a class. Equals DiTTransformer2DModel of diffusers; sides of the picture need not be
 * equal here.
 */
public final class DitTransformer implements AutoCloseable {
    private static final float EPS = 1e-6f;

    private final DitConfig config;
    private final Parameters parameters;
    private final PatchEmbedding patches;
    private final List<DitBlock> blocks = new ArrayList<>();
    private final Linear modulateOut;
    private final Linear projOut;

    /** Loads the transformer; {@code weights} must stay open as long as it is used. */
    public DitTransformer(Ops ops, DitConfig config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(ops, DitNames.TABLE.view(weights), "DiTTransformer2DModel");
        Parameters p = parameters;
        int dim = config.hiddenDim();
        int patch = config.patchSize();
        patches = PatchEmbedding.of(p.in("pos_embed"), config.inChannels(), patch, dim);
        p.ignore(name -> name.equals("pos_embed.pos_embed"));
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new DitBlock(config, p.in("transformer_blocks").in(i)));
        }
        modulateOut = p.conditioning().linear("proj_out_1", dim, 2 * dim);
        projOut = p.linear("proj_out_2", dim, patch * patch * config.outChannels());
        p.finish();
    }

    public DitConfig config() {
        return config;
    }

    /** Every linear layer by its name in the checkpoint, for adapters. */
    public Map<String, Linear> linears() {
        return parameters.linears();
    }

    /** The weights, to load them and send them away. */
    public Parameters parameters() {
        return parameters;
    }

    /** Positions of the tokens of a picture, [1, tokens, dim]. */
    public Tensor positions(Ops ops, TokenGrid grid) {
        return SinCosPositions.of(
                ops, grid.height(), grid.width(), config.baseTokens(), config.hiddenDim());
    }

    /**
     * Modulation vectors for pairs of timestep and class, under the adapters that are active now.
     *
     * @param timesteps one for each row of the result
     * @param labels one for each row of the result, numClasses for none
     */
    public Modulation modulation(Ops ops, float[] timesteps, int[] labels) {
        try (Scope scope = ops.scope()) {
            Tensor times = ops.host().floats(Shape.of(timesteps.length), timesteps);
            Tensor classes = ops.host().ints(Shape.of(labels.length), labels);
            List<Tensor> rows = new ArrayList<>();
            Tensor out = null;
            for (DitBlock block : blocks) {
                try (Scope inner = ops.scope()) {
                    Tensor embedding = block.embedding(ops, times, classes);
                    rows.add(scope.keep(inner.keep(block.modulation(ops, embedding))));
                    // the last norm borrows the embedding of the first block
                    if (out == null) {
                        out = scope.keep(inner.keep(modulateOut.forward(ops, embedding)));
                    }
                }
            }
            return new Modulation(List.of(), List.of(), rows, out);
        }
    }

    /**
     * The predicted noise.
     *
     * @param latents [batch, tokens, patchSize^2 * inChannels], packed, rows of the picture one by
     *     one
     * @param modulation one row, or one per sample
     * @param positions from {@link #positions}
     * @return [batch, tokens, outChannels * patchSize^2], packed as the latents are
     */
    public Tensor noise(Ops ops, Tensor latents, Modulation modulation, Tensor positions) {
        if (latents.dim(1) != positions.dim(1)) {
            throw new IllegalArgumentException(
                    "latents must have " + positions.dim(1) + " tokens, got " + latents.shape());
        }
        int dim = config.hiddenDim();
        try (Scope scope = ops.scope()) {
            Tensor x = patches.forward(ops, latents, positions);
            for (int i = 0; i < blocks.size(); i++) {
                Tensor next = block(ops, blocks.get(i), x, modulation.single().get(i));
                scope.free(x);
                x = next;
            }
            Tensor shift = modulation.out().narrow(1, 0, dim);
            Tensor scale = modulation.out().narrow(1, dim, dim);
            Tensor y = projOut.forward(ops, ops.layerNormModulate(x, scale, shift, EPS));
            return scope.keep(Latents.channelsFirst(ops, y, config.patchSize()));
        }
    }

    /** One block, whose inner results training does not keep. */
    private static Tensor block(Ops ops, DitBlock block, Tensor x, Tensor modulation) {
        return ops.checkpoint(
                        List.of(x, modulation), () -> List.of(block.forward(ops, x, modulation)))
                .get(0);
    }

    @Override
    public void close() {
        parameters.close();
    }
}

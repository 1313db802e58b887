package glance.model.sd3;

import glance.io.Weights;
import glance.model.Latents;
import glance.model.TokenGrid;
import glance.model.transformer.Embedder;
import glance.model.transformer.FinalLayer;
import glance.model.transformer.Modulation;
import glance.model.transformer.PatchEmbedding;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.op.Activation;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The denoiser of Stable Diffusion 3 and 3.5 (MMDiT; Esser et al., arXiv 2403.03206), which
 * predicts the velocity {@code noise - latents} of packed latents. Equals SD3Transformer2DModel of
 * diffusers.
 */
public final class Sd3Transformer implements AutoCloseable {
    private final Sd3Config config;
    private final Parameters parameters;
    private final PatchEmbedding patches;
    private final Tensor positions; // (1, maxSize^2, dim)
    private final Linear textIn;
    private final Embedder time;
    private final Embedder pooled;
    private final List<Sd3Block> blocks = new ArrayList<>();
    private final FinalLayer last;

    /** Loads the transformer; {@code weights} must stay open as long as it is used. */
    public Sd3Transformer(Ops ops, Sd3Config config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(ops, Sd3Names.TABLE.view(weights), "SD3Transformer2DModel");
        Parameters p = parameters;
        int dim = config.hiddenDim();
        int patch = config.patchSize();
        int maxSize = config.posEmbedMaxSize();
        patches = PatchEmbedding.of(p.in("pos_embed"), config.inChannels(), patch, dim);
        positions = p.tensor("pos_embed.pos_embed", 1, maxSize * maxSize, dim);
        textIn = p.linear("context_embedder", config.textDim(), dim);
        Parameters conditions = p.conditioning().in("time_text_embed");
        time = Embedder.of(conditions.in("timestep_embedder"), Embedder.WAVES, dim);
        pooled = Embedder.of(conditions.in("text_embedder"), config.pooledDim(), dim);
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new Sd3Block(config, i, p.in("transformer_blocks").in(i)));
        }
        last = FinalLayer.of(p, dim, patch * patch * config.outChannels());
        p.finish();
    }

    public Sd3Config config() {
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

    /**
     * Modulation vectors under the adapters that are active now.
     *
     * @param timesteps of each row of the result, in [0, 1000]
     * @param pooledText [rows, pooledDim]
     */
    public Modulation modulation(Ops ops, float[] timesteps, Tensor pooledText) {
        try (Scope scope = ops.scope()) {
            Tensor t = ops.host().floats(Shape.of(timesteps.length), timesteps);
            Tensor waves = ops.timestepEmbedding(t, Embedder.WAVES, 1, 0);
            Tensor sum = ops.add(time.forward(ops, waves), pooled.forward(ops, pooledText));
            // every use of the conditioning is behind a SiLU
            Tensor embedding = ops.activation(Activation.SILU, sum);
            Modulation result =
                    new Modulation(
                            blocks.stream()
                                    .map(block -> block.imageModulation(ops, embedding))
                                    .toList(),
                            blocks.stream()
                                    .map(block -> block.textModulation(ops, embedding))
                                    .toList(),
                            List.of(),
                            last.modulation(ops, embedding));
            result.tensors().forEach(scope::keep);
            return result;
        }
    }

    /**
     * The predicted velocity.
     *
     * @param latents [batch, tokens, inChannels * patchSize^2], packed, rows of the picture one by
     *     one
     * @param text [batch, textLen, textDim]
     * @param modulation one row, or one per sample
     * @return [batch, tokens, outChannels * patchSize^2], packed as the latents are
     * @throws IllegalArgumentException if the grid is larger than the table of positions
     */
    public Tensor velocity(
            Ops ops, Tensor latents, Tensor text, Modulation modulation, TokenGrid grid) {
        if (latents.dim(1) != grid.tokens()) {
            throw new IllegalArgumentException(
                    "latents must have " + grid.tokens() + " tokens, got " + latents.shape());
        }
        try (Scope scope = ops.scope()) {
            Tensor image = patches.forward(ops, latents, middle(ops, grid));
            Sd3Block.Hidden hidden = new Sd3Block.Hidden(image, textIn.forward(ops, text));
            for (int i = 0; i < blocks.size(); i++) {
                Sd3Block.Hidden next =
                        blocks.get(i)
                                .checkpointed(
                                        ops,
                                        hidden,
                                        modulation.image().get(i),
                                        modulation.text().get(i));
                scope.free(hidden.image());
                scope.free(hidden.text());
                hidden = next;
            }
            Tensor tokens = last.forward(ops, hidden.image(), modulation.out());
            return scope.keep(Latents.channelsFirst(ops, tokens, config.patchSize()));
        }
    }

    /** The middle of the table of positions, [1, tokens, dim]. */
    private Tensor middle(Ops ops, TokenGrid grid) {
        int max = config.posEmbedMaxSize();
        if (grid.height() > max || grid.width() > max) {
            throw new IllegalArgumentException(
                    "a picture of this model has at most "
                            + max
                            + " x "
                            + max
                            + " tokens, asked for "
                            + grid.height()
                            + " x "
                            + grid.width());
        }
        int dim = config.hiddenDim();
        Tensor cropped =
                positions
                        .reshape(max, max, dim)
                        .narrow(0, (max - grid.height()) / 2, grid.height())
                        .narrow(1, (max - grid.width()) / 2, grid.width());
        return ops.pack(cropped).reshape(1, grid.tokens(), dim);
    }

    @Override
    public void close() {
        parameters.close();
    }
}

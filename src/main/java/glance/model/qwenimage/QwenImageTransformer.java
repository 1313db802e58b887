package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.model.transformer.DualStreamBlock;
import glance.model.transformer.Embedder;
import glance.model.transformer.FinalLayer;
import glance.model.transformer.Modulation;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The denoiser of Qwen-Image: a dual-stream transformer (MMDiT; Esser et al., arXiv 2403.03206)
 * that predicts the velocity {@code noise - latents} of packed latents. Equals
 * QwenImageTransformer2DModel of diffusers.
 */
public final class QwenImageTransformer implements AutoCloseable {
    private static final float EPS = 1e-6f;
    private static final DualStreamBlock.Names NAMES =
            new DualStreamBlock.Names("img_mod.1", "txt_mod.1", "img_mlp", "txt_mlp");

    private final QwenImageConfig config;
    private final Parameters parameters;
    private final QwenImageRope rope;
    private final Linear imageIn;
    private final Linear textIn;
    private final RmsNorm textNorm;
    private final Embedder time;
    private final List<DualStreamBlock> blocks = new ArrayList<>();
    private final FinalLayer last;

    /** Loads the transformer; {@code weights} must stay open as long as it is used. */
    public QwenImageTransformer(Ops ops, QwenImageConfig config, Weights weights) {
        this.config = config;
        this.parameters = new Parameters(ops, weights.transformer(), "QwenImageTransformer2DModel");
        int dim = config.hiddenDim();
        Parameters p = parameters;
        rope = new QwenImageRope(config);
        imageIn = p.linear("img_in", config.inChannels(), dim);
        textIn = p.linear("txt_in", config.textDim(), dim);
        textNorm = p.rmsNorm("txt_norm", config.textDim(), EPS);
        Parameters conditions = p.conditioning().in("time_text_embed");
        time = Embedder.of(conditions.in("timestep_embedder"), Embedder.WAVES, dim);
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(
                    new DualStreamBlock(
                            config.numHeads(),
                            config.headDim(),
                            NAMES,
                            p.in("transformer_blocks").in(i)));
        }
        int tokenChannels = config.patchSize() * config.patchSize() * config.outChannels();
        last = FinalLayer.of(p, dim, tokenChannels);
        p.finish();
    }

    public QwenImageConfig config() {
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
     * Modulation vectors for some noise levels, under the adapters that are active now.
     *
     * @param sigmas one for each row of the result, in [0, 1]
     */
    public Modulation modulation(Ops ops, float... sigmas) {
        try (Scope scope = ops.scope()) {
            Tensor t = ops.host().floats(Shape.of(sigmas.length), sigmas);
            Tensor waves = ops.timestepEmbedding(t, Embedder.WAVES, 1000, 0);
            // every use of the timestep embedding is behind a SiLU
            Tensor embedding = time.forward(ops, waves, Epilogue.activation(Activation.SILU));
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
     * Rotary positions of a caption and a picture.
     *
     * @param textLen length of the padded caption
     */
    public Rope positions(Ops ops, int textLen, TokenGrid grid) {
        return rope.build(ops, textLen, grid.height(), grid.width());
    }

    /**
     * The predicted velocity.
     *
     * @param latents [batch, tokens, inChannels], packed, rows of the picture one by one
     * @param text embeddings [batch, maxLen, textDim] and lengths
     * @param modulation one row, or one per sample
     * @param positions of text and picture, from {@link #positions}
     * @return [batch, tokens, patchSize^2 * outChannels]
     */
    public Tensor velocity(
            Ops ops, Tensor latents, TextBatch text, Modulation modulation, Rope positions) {
        int textLen = text.embeddings().dim(1);
        int tokens = positions.cos().dim(0) - textLen;
        if (latents.dim(1) != tokens) {
            throw new IllegalArgumentException(
                    "latents must have " + tokens + " tokens, got " + latents.shape());
        }
        try (Scope scope = ops.scope()) {
            AttentionMask mask = AttentionMask.paddedPrefix(textLen, text.lengths());
            Tensor caption = textIn.forward(ops, textNorm.forward(ops, text.embeddings()));
            DualStreamBlock.Hidden hidden =
                    new DualStreamBlock.Hidden(imageIn.forward(ops, latents), caption);
            hidden = DualStreamBlock.all(ops, blocks, hidden, modulation, mask, positions);
            return scope.keep(last.forward(ops, hidden.image(), modulation.out()));
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}

package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.Canvas;
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
import java.util.Optional;

/**
 * The denoiser of Qwen-Image: a dual-stream transformer (MMDiT; Esser et al., arXiv 2403.03206)
 * that predicts the velocity {@code noise - latents} of packed latents. Equals
 * QwenImageTransformer2DModel of diffusers.
 */
public final class QwenImageTransformer implements AutoCloseable {
    private static final float EPS = 1e-6f;

    /** A tensor without meaning by which files of Qwen-Image-Edit-2511 are known. */
    static final String STILL_MARK = "__index_timestep_zero__";

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
        p.ignore(name -> name.equals(STILL_MARK));
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
            Tensor embedding = embedding(ops, sigmas);
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
     * Modulation vectors of reference pictures, where those are not modulated like the picture: at
     * noise level 0, under the adapters that are active now.
     *
     * @return [1, 6 * dim] for each block; empty for models that have one for all
     */
    public List<Tensor> stillModulation(Ops ops) {
        if (!config.stillReferences()) {
            return List.of();
        }
        try (Scope scope = ops.scope()) {
            Tensor embedding = embedding(ops, 0);
            return blocks.stream()
                    .map(block -> scope.keep(block.imageModulation(ops, embedding)))
                    .toList();
        }
    }

    private Tensor embedding(Ops ops, float... sigmas) {
        Tensor t = ops.host().floats(Shape.of(sigmas.length), sigmas);
        Tensor waves = ops.timestepEmbedding(t, Embedder.WAVES, 1000, 0);
        // every use of the timestep embedding is behind a SiLU
        return time.forward(ops, waves, Epilogue.activation(Activation.SILU));
    }

    /**
     * Rotary positions of a caption, a picture and what it is drawn from.
     *
     * @param textLen length of the padded caption
     */
    public Rope positions(Ops ops, int textLen, Canvas canvas) {
        return rope.build(ops, textLen, canvas);
    }

    /**
     * The predicted velocity.
     *
     * @param latents [batch, tokens, inChannels], packed, rows of the picture one by one
     * @param seen [batch, more tokens, inChannels] of reference pictures, if there are any; nothing
     *     is predicted for them
     * @param text embeddings [batch, maxLen, textDim] and lengths
     * @param modulation one row, or one per sample
     * @param still modulation of the references, from {@link #stillModulation}; empty where they
     *     are modulated like the picture
     * @param positions of text and pictures, from {@link #positions}
     * @return [batch, tokens, patchSize^2 * outChannels]
     */
    public Tensor velocity(
            Ops ops,
            Tensor latents,
            Optional<Tensor> seen,
            TextBatch text,
            Modulation modulation,
            List<Tensor> still,
            Rope positions) {
        int textLen = text.embeddings().dim(1);
        int expected = positions.cos().dim(0) - textLen;
        int tokens = latents.dim(1) + seen.map(more -> more.dim(1)).orElse(0);
        if (tokens != expected) {
            throw new IllegalArgumentException(
                    "latents must have "
                            + expected
                            + " tokens, those of references among them, got "
                            + tokens);
        }
        try (Scope scope = ops.scope()) {
            AttentionMask mask = AttentionMask.paddedPrefix(textLen, text.lengths());
            Tensor caption = textIn.forward(ops, textNorm.forward(ops, text.embeddings()));
            boolean apart = seen.isPresent() && !still.isEmpty();
            boolean joined = seen.isPresent() && still.isEmpty();
            Tensor all = joined ? ops.concat(1, List.of(latents, seen.get())) : latents;
            DualStreamBlock.Hidden hidden =
                    new DualStreamBlock.Hidden(
                            imageIn.forward(ops, all),
                            caption,
                            apart ? imageIn.forward(ops, seen.get()) : null);
            hidden =
                    DualStreamBlock.all(
                            ops,
                            blocks,
                            hidden,
                            modulation,
                            apart ? still : List.of(),
                            mask,
                            positions);
            Tensor drawn = hidden.image().narrow(1, 0, latents.dim(1));
            return scope.keep(last.forward(ops, drawn, modulation.out()));
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}

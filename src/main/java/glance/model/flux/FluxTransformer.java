package glance.model.flux;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.transformer.DualSingleStack;
import glance.model.transformer.DualStreamBlock;
import glance.model.transformer.Embedder;
import glance.model.transformer.FinalLayer;
import glance.model.transformer.Modulation;
import glance.model.transformer.SingleStreamBlock;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RopeTables;
import glance.op.Activation;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The denoiser of FLUX.1: dual-stream blocks, then single-stream blocks on text and image as one
 * sequence. It predicts the velocity {@code noise - latents} of packed latents. Equals
 * FluxTransformer2DModel of diffusers.
 */
public final class FluxTransformer implements AutoCloseable {
    private static final double THETA = 10000;

    private static final DualStreamBlock.Names NAMES =
            new DualStreamBlock.Names("norm1.linear", "norm1_context.linear", "ff", "ff_context");

    private final FluxConfig config;
    private final Parameters parameters;
    private final RopeTables rope;
    private final Embedder time;
    private final Embedder guidance; // null without guidanceEmbeds
    private final Embedder pooled;
    private final DualSingleStack stack;

    /**
     * Loads the transformer; {@code weights} must stay open as long as it is used.
     *
     * @param weights in the names of diffusers or of black-forest-labs
     */
    public FluxTransformer(Ops ops, FluxConfig config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(ops, FluxNames.TABLE.view(weights), "FluxTransformer2DModel");
        Parameters p = parameters;
        int dim = config.hiddenDim();
        rope =
                RopeTables.inFloat64(
                        THETA, config.axesDims().stream().mapToInt(Integer::intValue).toArray());
        Linear imageIn = p.linear("x_embedder", config.inChannels(), dim);
        Linear textIn = p.linear("context_embedder", config.textDim(), dim);
        Parameters conditions = p.conditioning().in("time_text_embed");
        time = Embedder.of(conditions.in("timestep_embedder"), Embedder.WAVES, dim);
        guidance =
                config.guidanceEmbeds()
                        ? Embedder.of(conditions.in("guidance_embedder"), Embedder.WAVES, dim)
                        : null;
        pooled = Embedder.of(conditions.in("text_embedder"), config.pooledDim(), dim);
        List<DualStreamBlock> blocks = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            Parameters own = p.in("transformer_blocks").in(i);
            blocks.add(new DualStreamBlock(config.numHeads(), config.headDim(), NAMES, own));
        }
        List<SingleStreamBlock> singleBlocks = new ArrayList<>();
        for (int i = 0; i < config.numSingleLayers(); i++) {
            Parameters own = p.in("single_transformer_blocks").in(i);
            singleBlocks.add(new SingleStreamBlock(config.numHeads(), config.headDim(), own));
        }
        FinalLayer last = FinalLayer.of(p, dim, config.outChannels());
        stack = new DualSingleStack(imageIn, textIn, blocks, singleBlocks, last);
        p.finish();
    }

    public FluxConfig config() {
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
     * @param sigmas noise level in [0, 1] of each row of the result
     * @param scales guidance scale of each row; unused by models that do not take one
     * @param pooledText [rows, pooledDim]
     */
    public Modulation modulation(Ops ops, float[] sigmas, float[] scales, Tensor pooledText) {
        try (Scope scope = ops.scope()) {
            Tensor sum =
                    ops.add(
                            time.forward(ops, Embedder.waves(ops, sigmas, Embedder.WAVES)),
                            pooled.forward(ops, pooledText));
            if (guidance != null) {
                sum =
                        ops.add(
                                sum,
                                guidance.forward(ops, Embedder.waves(ops, scales, Embedder.WAVES)));
            }
            // every use of the conditioning is behind a SiLU
            Tensor embedding = ops.activation(Activation.SILU, sum);
            Modulation result =
                    new Modulation(
                            stack.blocks().stream()
                                    .map(block -> block.imageModulation(ops, embedding))
                                    .toList(),
                            stack.blocks().stream()
                                    .map(block -> block.textModulation(ops, embedding))
                                    .toList(),
                            stack.singleBlocks().stream()
                                    .map(block -> block.modulation(ops, embedding))
                                    .toList(),
                            stack.last().modulation(ops, embedding));
            result.tensors().forEach(scope::keep);
            return result;
        }
    }

    /**
     * The predicted velocity, see {@link DualSingleStack#velocity}.
     *
     * @param positions of text and picture, from {@link #positions}
     */
    public Tensor velocity(
            Ops ops,
            Tensor latents,
            Optional<Tensor> seen,
            Tensor text,
            Modulation modulation,
            Rope positions) {
        return stack.velocity(ops, latents, seen, text, modulation, positions);
    }

    /**
     * Rotary positions: text is at (0, 0, 0), image tokens at (0, row, column), those of a
     * reference at (1, row, column). Equals FluxKontextPipeline of diffusers.
     */
    public Rope positions(Ops ops, int textLen, Canvas canvas) {
        int picture = canvas.grid().tokens();
        return rope.build(
                ops,
                textLen + canvas.tokens(),
                Rope.Pairing.INTERLEAVED,
                (row, axis) -> {
                    int token = row - textLen;
                    if (token < 0) {
                        return 0;
                    }
                    boolean drawn = token < picture;
                    int at = drawn ? token : token - picture;
                    int width = (drawn ? canvas.grid() : canvas.references().get(0).grid()).width();
                    return switch (axis) {
                        case 0 -> drawn ? 0 : 1;
                        case 1 -> at / width;
                        default -> at % width;
                    };
                });
    }

    @Override
    public void close() {
        parameters.close();
    }
}

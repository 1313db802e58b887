package glance.model.flux2;

import glance.io.Weights;
import glance.model.Canvas;
import glance.model.TokenGrid;
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
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The denoiser of FLUX.2: dual-stream blocks, then single-stream blocks on text and image as one
 * sequence, without biases. One modulation vector serves all blocks of a kind and stream. It
 * predicts the velocity {@code noise - latents} of packed latents. Equals Flux2Transformer2DModel
 * of diffusers.
 */
public final class Flux2Transformer implements AutoCloseable {
    /** Distance of reference pictures, and of the first one from the drawn one, on their axis. */
    private static final int REFERENCE_DISTANCE = 10;

    private final Flux2Config config;
    private final Parameters parameters;
    private final RopeTables rope;
    private final Embedder time;
    private final Embedder guidance; // null without guidanceEmbeds
    private final Linear imageModulation;
    private final Linear textModulation;
    private final Linear singleModulation;
    private final DualSingleStack stack;

    /**
     * Loads the transformer; {@code weights} must stay open as long as it is used.
     *
     * @param weights in the names of diffusers or of black-forest-labs
     */
    public Flux2Transformer(Ops ops, Flux2Config config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(ops, Flux2Names.TABLE.view(weights), "Flux2Transformer2DModel");
        Parameters p = parameters;
        int dim = config.hiddenDim();
        rope =
                RopeTables.inFloat64(
                        config.theta(),
                        config.axesDims().stream().mapToInt(Integer::intValue).toArray());
        Linear imageIn = p.linearNoBias("x_embedder", config.inChannels(), dim);
        Linear textIn = p.linearNoBias("context_embedder", config.textDim(), dim);
        Parameters conditions = p.conditioning();
        Parameters numbers = conditions.in("time_guidance_embed");
        int waves = config.timeChannels();
        time = Embedder.withoutBias(numbers.in("timestep_embedder"), waves, dim);
        guidance =
                config.guidanceEmbeds()
                        ? Embedder.withoutBias(numbers.in("guidance_embedder"), waves, dim)
                        : null;
        imageModulation =
                conditions.linearNoBias("double_stream_modulation_img.linear", dim, 6 * dim);
        textModulation =
                conditions.linearNoBias("double_stream_modulation_txt.linear", dim, 6 * dim);
        singleModulation = conditions.linearNoBias("single_stream_modulation.linear", dim, 3 * dim);
        int heads = config.numHeads();
        int headDim = config.headDim();
        List<DualStreamBlock> blocks = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            Parameters own = p.in("transformer_blocks").in(i);
            blocks.add(new DualStreamBlock(heads, headDim, config.mlpDim(), own));
        }
        List<SingleStreamBlock> singleBlocks = new ArrayList<>();
        for (int i = 0; i < config.numSingleLayers(); i++) {
            Parameters own = p.in("single_transformer_blocks").in(i);
            singleBlocks.add(new SingleStreamBlock(heads, headDim, config.mlpDim(), own));
        }
        FinalLayer last = FinalLayer.of(p, dim, config.outChannels(), false);
        stack = new DualSingleStack(imageIn, textIn, blocks, singleBlocks, last);
        p.finish();
    }

    public Flux2Config config() {
        return config;
    }

    /** The weights, to load them and send them away. */
    public Parameters parameters() {
        return parameters;
    }

    /**
     * Vectors that all blocks of a kind share: everything that depends on the noise level.
     *
     * @param image [rows, 6 * dim] for the image's stream in the blocks with two
     * @param text [rows, 6 * dim] for the text's
     * @param single [rows, 3 * dim] for the blocks with one stream
     * @param out [rows, 2 * dim] of the last norm
     */
    public record SharedModulation(Tensor image, Tensor text, Tensor single, Tensor out) {
        /** The same from {@link #tensors}. */
        static SharedModulation of(List<Tensor> tensors) {
            return new SharedModulation(
                    tensors.get(0), tensors.get(1), tensors.get(2), tensors.get(3));
        }

        /** Every tensor. */
        List<Tensor> tensors() {
            return List.of(image, text, single, out);
        }

        /** The vectors block by block. */
        private Modulation forEach(int blocks, int singleBlocks) {
            return new Modulation(
                    Collections.nCopies(blocks, image),
                    Collections.nCopies(blocks, text),
                    Collections.nCopies(singleBlocks, single),
                    out);
        }
    }

    /**
     * Modulation vectors under the adapters that are active now.
     *
     * @param sigmas noise level in [0, 1] of each row of the result
     * @param scales guidance scale of each row; unused by models that do not take one
     */
    public SharedModulation modulation(Ops ops, float[] sigmas, float[] scales) {
        try (Scope scope = ops.scope()) {
            Tensor sum = time.forward(ops, Embedder.waves(ops, sigmas, config.timeChannels()));
            if (guidance != null) {
                Tensor waves = Embedder.waves(ops, scales, config.timeChannels());
                sum = ops.add(sum, guidance.forward(ops, waves));
            }
            // every use of the conditioning is behind a SiLU
            Tensor embedding = ops.activation(Activation.SILU, sum);
            SharedModulation result =
                    new SharedModulation(
                            imageModulation.forward(ops, embedding),
                            textModulation.forward(ops, embedding),
                            singleModulation.forward(ops, embedding),
                            stack.last().modulation(ops, embedding));
            result.tensors().forEach(scope::keep);
            return result;
        }
    }

    /**
     * The predicted velocity, see {@link DualSingleStack#velocity}.
     *
     * @param positions of text and pictures, from {@link #positions}
     */
    public Tensor velocity(
            Ops ops,
            Tensor latents,
            Optional<Tensor> seen,
            Tensor text,
            SharedModulation modulation,
            Rope positions) {
        Modulation each = modulation.forEach(stack.blocks().size(), stack.singleBlocks().size());
        return stack.velocity(ops, latents, seen, text, each, positions);
    }

    /**
     * Rotary positions: the text's tokens are at (0, 0, 0, token), those of the picture at (0, row,
     * column, 0), and those of references at (10, row, column, 0), (20, row, column, 0) and so on.
     */
    public Rope positions(Ops ops, int textLen, Canvas canvas) {
        List<int[]> places = new ArrayList<>();
        for (int token = 0; token < textLen; token++) {
            places.add(new int[] {0, 0, 0, token});
        }
        add(places, 0, canvas.grid());
        int picture = 0;
        for (Canvas.Reference reference : canvas.references()) {
            picture += REFERENCE_DISTANCE;
            add(places, picture, reference.grid());
        }
        return rope.build(
                ops, places.size(), Rope.Pairing.INTERLEAVED, (row, axis) -> places.get(row)[axis]);
    }

    private static void add(List<int[]> places, int picture, TokenGrid grid) {
        for (int token = 0; token < grid.tokens(); token++) {
            int row = token / grid.width();
            places.add(new int[] {picture, row, token % grid.width(), 0});
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}

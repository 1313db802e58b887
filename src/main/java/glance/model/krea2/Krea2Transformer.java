package glance.model.krea2;

import glance.io.Weights;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.model.transformer.Embedder;
import glance.model.transformer.Modulation;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.nn.RopeTables;
import glance.nn.Weight;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The denoiser of Krea 2: a transformer over text and picture as one sequence that predicts the
 * velocity {@code noise - latents} of packed latents. Equals Krea2Transformer2DModel of diffusers
 * with the padding of the text left out: there padded tokens are no keys and have no position, so
 * that the picture does not depend on them.
 */
public final class Krea2Transformer implements AutoCloseable {
    private final Krea2Config config;
    private final Parameters parameters;
    private final RopeTables rope;
    private final Linear imageIn;
    private final Embedder time;
    private final Linear timeModulation;
    private final TextFusion text;
    private final List<Krea2Block> blocks = new ArrayList<>();
    private final Weight lastTable; // (2, hiddenDim)
    private final RmsNorm lastNorm;
    private final Linear last;

    /**
     * Loads the transformer; {@code weights} must stay open as long as it is used.
     *
     * @param weights in the names of diffusers or of Krea
     */
    public Krea2Transformer(Ops ops, Krea2Config config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(ops, Krea2Names.TABLE.view(weights), "Krea2Transformer2DModel");
        Parameters p = parameters;
        Parameters conditions = p.conditioning();
        int dim = config.hiddenDim();
        rope =
                RopeTables.inFloat64(
                        config.ropeTheta(),
                        config.axesDims().stream().mapToInt(Integer::intValue).toArray());
        imageIn = p.linear("img_in", config.inChannels(), dim);
        time = Embedder.of(conditions.in("time_embed"), config.waves(), Activation.GELU_TANH, dim);
        timeModulation = conditions.linear("time_mod_proj", dim, Krea2Block.PARTS * dim);
        text = new TextFusion(config, conditions);
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new Krea2Block(config, p.in("transformer_blocks").in(i)));
        }
        Parameters end = p.in("final_layer");
        lastTable = end.conditioning().weight("scale_shift_table", 2, dim);
        lastNorm = end.rmsNormPlusOne("norm", dim, config.eps());
        last = end.linear("linear", dim, config.inChannels());
        // left over in the published file of Turbo
        p.ignore(name -> name.startsWith("last.up.") || name.startsWith("last.down."));
        p.finish();
    }

    public Krea2Config config() {
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
     * Modulation vectors for some noise levels, under the adapters that are active now: of each
     * block [rows, 6 * dim], of the last norm its scale and shift.
     *
     * @param sigmas one for each row of the result, in [0, 1]
     */
    public Modulation modulation(Ops ops, float... sigmas) {
        try (Scope scope = ops.scope()) {
            Tensor embedding = time.forward(ops, Embedder.waves(ops, sigmas, config.waves()));
            Tensor shared =
                    timeModulation.forward(ops, ops.activation(Activation.GELU_TANH, embedding));
            Tensor out =
                    ops.add(
                            ops.concat(1, List.of(embedding, embedding)),
                            ops.pack(lastTable.in(ops)).reshape(2 * config.hiddenDim()));
            Modulation result =
                    new Modulation(
                            List.of(),
                            List.of(),
                            blocks.stream().map(block -> block.modulation(ops, shared)).toList(),
                            out);
            result.tensors().forEach(scope::keep);
            return result;
        }
    }

    /**
     * The text as the blocks see it, under the adapters that are active now. It is the same at all
     * noise levels.
     *
     * @param embeddings [batch, maxLen, layers * textDim], the layers of a token one after the
     *     other, and lengths
     * @return embeddings [batch, maxLen, hiddenDim]
     */
    public TextBatch text(Ops ops, TextBatch embeddings) {
        return new TextBatch(text.forward(ops, embeddings), embeddings.lengths());
    }

    /** Rotary positions: text is at (0, 0, 0), image tokens at (0, row, column). */
    public Rope positions(Ops ops, int textLen, TokenGrid grid) {
        return rope.build(
                ops,
                textLen + grid.tokens(),
                Rope.Pairing.INTERLEAVED,
                (row, axis) -> {
                    int token = row - textLen;
                    if (token < 0 || axis == 0) {
                        return 0;
                    }
                    return axis == 1 ? token / grid.width() : token % grid.width();
                });
    }

    /**
     * The predicted velocity.
     *
     * @param latents [batch, tokens, inChannels], packed, rows of the picture one by one
     * @param text from {@link #text}
     * @param modulation one row, or one per sample
     * @param positions of text and picture, from {@link #positions}
     * @return [batch, tokens, inChannels]
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
            Tensor joint = ops.concat(1, List.of(text.embeddings(), imageIn.forward(ops, latents)));
            for (int i = 0; i < blocks.size(); i++) {
                Tensor mod = modulation.single().get(i);
                Tensor next = blocks.get(i).checkpointed(ops, joint, mod, mask, positions);
                scope.free(joint);
                joint = next;
            }
            Tensor image = joint.narrow(1, textLen, tokens);
            int dim = config.hiddenDim();
            Tensor scale = modulation.out().narrow(1, 0, dim);
            Tensor shift = modulation.out().narrow(1, dim, dim);
            return scope.keep(last.forward(ops, lastNorm.modulated(ops, image, scale, shift)));
        }
    }

    @Override
    public void close() {
        parameters.close();
    }
}

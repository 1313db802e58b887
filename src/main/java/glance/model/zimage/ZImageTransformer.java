package glance.model.zimage;

import glance.io.Weights;
import glance.model.Latents;
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
import glance.op.Epilogue;
import glance.op.Rope;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The network of Z-Image: picture and text are refined alone and then go through the same blocks as
 * one sequence. Equals ZImageTransformer2DModel of diffusers, whose result is the negative velocity
 * {@code latents - noise}.
 */
public final class ZImageTransformer implements AutoCloseable {
    private static final float LAST_EPS = 1e-6f;
    private static final int TIME_DIM = 1024;
    private static final String KIND = "2-1";

    private final ZImageConfig config;
    private final Parameters parameters;
    private final RopeTables rope;
    private final Linear pictureIn;
    private final Weight picturePad; // (1, dim)
    private final RmsNorm textNorm;
    private final Linear textIn;
    private final Weight textPad; // (1, dim)
    private final Embedder time;
    private final List<ZImageBlock> pictureRefiners = new ArrayList<>();
    private final List<ZImageBlock> textRefiners = new ArrayList<>();
    private final List<ZImageBlock> blocks = new ArrayList<>();
    private final Linear lastScale;
    private final Linear last;

    /**
     * Loads the transformer; {@code weights} must stay open as long as it is used.
     *
     * @param weights in the names of diffusers or of its publisher
     */
    public ZImageTransformer(Ops ops, ZImageConfig config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(ops, ZImageNames.TABLE.view(weights), "ZImageTransformer2DModel");
        Parameters p = parameters;
        Parameters once = p.conditioning();
        int dim = config.hiddenDim();
        rope =
                RopeTables.inFloat64(
                        config.ropeTheta(),
                        config.axesDims().stream().mapToInt(Integer::intValue).toArray());
        pictureIn = p.in("all_x_embedder").linear(KIND, config.tokenChannels(), dim);
        picturePad = once.weight("x_pad_token", 1, dim);
        textNorm = once.rmsNorm("cap_embedder.0", config.textDim(), config.normEps());
        textIn = once.linear("cap_embedder.1", config.textDim(), dim);
        textPad = once.weight("cap_pad_token", 1, dim);
        time =
                new Embedder(
                        once.linear("t_embedder.mlp.0", Embedder.WAVES, TIME_DIM),
                        Activation.SILU,
                        once.linear("t_embedder.mlp.2", TIME_DIM, config.conditionDim()));
        for (int i = 0; i < config.numRefiners(); i++) {
            pictureRefiners.add(new ZImageBlock(config, true, p.in("noise_refiner").in(i)));
            textRefiners.add(new ZImageBlock(config, false, once.in("context_refiner").in(i)));
        }
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new ZImageBlock(config, true, p.in("layers").in(i)));
        }
        Parameters end = p.in("all_final_layer").in(KIND);
        lastScale = end.conditioning().linear("adaLN_modulation.1", config.conditionDim(), dim);
        last = end.linear("linear", dim, config.tokenChannels());
        p.finish();
    }

    public ZImageConfig config() {
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
     * Modulation vectors for some noise levels, under the adapters that are active now: of the
     * blocks over the picture, then of those over both, and the scale of the last norm.
     *
     * @param sigmas one for each row of the result, in [0, 1]
     */
    public Modulation modulation(Ops ops, float... sigmas) {
        try (Scope scope = ops.scope()) {
            float[] times = new float[sigmas.length];
            for (int i = 0; i < sigmas.length; i++) {
                times[i] = config.timeScale() * (1 - sigmas[i]);
            }
            Tensor t = ops.host().floats(Shape.of(times.length), times);
            Tensor waves = ops.timestepEmbedding(t, Embedder.WAVES, 1, 0);
            Tensor embedding = time.forward(ops, waves, Epilogue.none());
            List<Tensor> vectors = new ArrayList<>();
            pictureRefiners.forEach(block -> vectors.add(block.modulation(ops, embedding)));
            blocks.forEach(block -> vectors.add(block.modulation(ops, embedding)));
            Tensor out = lastScale.forward(ops, ops.activation(Activation.SILU, embedding));
            Modulation result = new Modulation(List.of(), List.of(), vectors, out);
            result.tensors().forEach(scope::keep);
            return result;
        }
    }

    /** Vectors in the order of {@link Modulation#tensors}. */
    Modulation modulation(List<Tensor> tensors) {
        return Modulation.of(tensors, 0, pictureRefiners.size() + blocks.size());
    }

    /**
     * Where the tokens of a batch are.
     *
     * @param lengths number of words of each text
     */
    public ZImageLayout layout(Ops ops, int[] lengths, TokenGrid grid) {
        int batch = lengths.length;
        int[] real = Arrays.stream(lengths).map(ZImageConfig::padded).toArray();
        int textLen = Arrays.stream(real).max().orElse(0);
        boolean even = Arrays.stream(real).allMatch(length -> length == textLen);
        int pictureLen = ZImageConfig.padded(grid.tokens());
        int pads = pictureLen - grid.tokens();
        Tensor counts = ops.host().ints(Shape.of(batch), real);
        AttentionMask mask =
                even ? AttentionMask.none() : AttentionMask.paddedPrefix(textLen, counts);
        return new ZImageLayout(
                rope.build(
                        ops, textLen, Rope.Pairing.INTERLEAVED, (row, a) -> a == 0 ? row + 1 : 0),
                positions(ops, real, 0, pictureLen, grid),
                positions(ops, real, textLen, textLen + pictureLen, grid),
                mask,
                mask,
                pads == 0 ? null : repeated(ops, picturePad, batch, pads),
                grid.tokens());
    }

    /**
     * Positions of text and picture: those of each sample, unless all are equal.
     *
     * @param real tokens of each text, with learned padding
     * @param textLen rows of the tables that are text
     * @param rows of the tables for a sample
     */
    private Rope positions(Ops ops, int[] real, int textLen, int rows, TokenGrid grid) {
        boolean even = Arrays.stream(real).allMatch(length -> length == real[0]);
        Rope all =
                rope.build(
                        ops,
                        (even ? 1 : real.length) * rows,
                        Rope.Pairing.INTERLEAVED,
                        (row, axis) -> {
                            int place = row % rows;
                            int token = place - textLen;
                            if (token < 0) {
                                return axis == 0 ? place + 1 : 0;
                            }
                            if (token >= grid.tokens()) {
                                return 0;
                            }
                            return switch (axis) {
                                case 0 -> real[row / rows] + 1;
                                case 1 -> token / grid.width();
                                default -> token % grid.width();
                            };
                        });
        if (even) {
            return all;
        }
        int half = all.cos().dim(1);
        return new Rope(
                all.cos().reshape(real.length, rows, half),
                all.sin().reshape(real.length, rows, half),
                all.pairing());
    }

    /** [batch, count, dim] of one token. */
    private static Tensor repeated(Ops ops, Weight token, int batch, int count) {
        return ops.embedding(
                ops.host().ints(Shape.of(batch, count), new int[batch * count]), token.in(ops));
    }

    /**
     * The texts as the blocks see them, under the adapters that are active now. They are the same
     * at all noise levels.
     *
     * @param lengths number of words of each text, as in {@code texts}
     * @return [batch, textLen, dim], where textLen is that of the layout
     */
    public Tensor text(Ops ops, TextBatch texts, int[] lengths, ZImageLayout layout) {
        int textLen = layout.text().seqLen();
        try (Scope scope = ops.scope()) {
            Tensor words = textIn.forward(ops, textNorm.forward(ops, texts.embeddings()));
            List<Tensor> rows = new ArrayList<>();
            for (int b = 0; b < lengths.length; b++) {
                Tensor own = words.narrow(0, b, 1).narrow(1, 0, lengths[b]);
                int pads = textLen - lengths[b];
                rows.add(
                        pads == 0
                                ? own
                                : ops.concat(1, List.of(own, repeated(ops, textPad, 1, pads))));
            }
            Tensor hidden = ops.concat(0, rows);
            for (ZImageBlock block : textRefiners) {
                hidden = block.checkpointed(ops, hidden, null, layout.textMask(), layout.text());
            }
            return scope.keep(hidden);
        }
    }

    /**
     * What the reference predicts: the negative velocity.
     *
     * @param latents [batch, tokens, tokenChannels], packed, rows of the picture one by one
     * @param text from {@link #text}
     * @param modulation one row, or one per sample
     * @return [batch, tokens, tokenChannels]
     */
    public Tensor predict(
            Ops ops, Tensor latents, Tensor text, Modulation modulation, ZImageLayout layout) {
        if (latents.dim(1) != layout.tokens()) {
            throw new IllegalArgumentException(
                    "latents must have " + layout.tokens() + " tokens, got " + latents.shape());
        }
        try (Scope scope = ops.scope()) {
            Tensor squares = Latents.channelsLast(ops, latents, ZImageConfig.PATCH);
            Tensor hidden = pictureIn.forward(ops, squares);
            if (layout.picturePads() != null) {
                hidden = ops.concat(1, List.of(hidden, layout.picturePads()));
            }
            int at = 0;
            for (ZImageBlock block : pictureRefiners) {
                Tensor mod = modulation.single().get(at++);
                hidden =
                        replaced(
                                scope,
                                hidden,
                                block.checkpointed(
                                        ops, hidden, mod, AttentionMask.none(), layout.picture()));
            }
            hidden = replaced(scope, hidden, ops.concat(1, List.of(text, hidden)));
            for (ZImageBlock block : blocks) {
                Tensor mod = modulation.single().get(at++);
                hidden =
                        replaced(
                                scope,
                                hidden,
                                block.checkpointed(
                                        ops, hidden, mod, layout.jointMask(), layout.joint()));
            }
            Tensor picture = hidden.narrow(1, text.dim(1), layout.tokens());
            Tensor normed = ops.layerNorm(picture, null, null, LAST_EPS);
            Tensor scaled = ops.gateResidual(normed, modulation.out(), normed);
            Tensor result = last.forward(ops, scaled);
            return scope.keep(Latents.channelsFirst(ops, result, ZImageConfig.PATCH));
        }
    }

    private static Tensor replaced(Scope scope, Tensor old, Tensor next) {
        scope.free(old);
        return next;
    }

    @Override
    public void close() {
        parameters.close();
    }
}

package glance.model.text;

import glance.api.FormatException;
import glance.io.Weights;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.nn.RopeTables;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * The language model of Qwen2.5-VL as a text encoder: a decoder-only transformer with grouped
 * heads, whose last hidden states (after the final norm) are the embeddings. The vision tower and
 * the output head in the file are not used. Equals Qwen2_5_VLForConditionalGeneration of
 * transformers, {@code hidden_states[-1]}, for text without pictures: there the three rotary
 * position axes coincide.
 */
public final class Qwen25VlTextEncoder implements AutoCloseable {
    private final Qwen25VlConfig config;
    private final Parameters parameters;
    private final Tensor embedTokens; // (vocab, hidden)
    private final List<Layer> layers = new ArrayList<>();
    private final RmsNorm norm;
    private final RopeTables rope;

    /** Loads the encoder; {@code weights} must stay open as long as it is used. */
    public Qwen25VlTextEncoder(Ops ops, Qwen25VlConfig config, Weights weights) {
        this.config = config;
        this.parameters =
                new Parameters(
                        ops,
                        LlamaCppNames.QWEN.view(weights),
                        "Qwen2_5_VLForConditionalGeneration");
        Parameters model = parameters.in("model");
        if (!model.has("embed_tokens.weight")) {
            model = model.in("language_model");
        }
        int dim = config.hiddenDim();
        embedTokens = model.tensor("embed_tokens.weight", config.vocabSize(), dim);
        for (int i = 0; i < config.numLayers(); i++) {
            layers.add(new Layer(config, model.in("layers").in(i)));
        }
        norm = model.rmsNorm("norm", dim, config.rmsNormEps());
        rope = new RopeTables(config.ropeTheta(), config.headDim());
        parameters.ignore(
                name ->
                        name.startsWith("visual.")
                                || name.startsWith("model.visual.")
                                || name.equals("lm_head.weight"));
        parameters.finish();
    }

    /**
     * Last hidden states of several texts.
     *
     * @param ids token ids of each text, without padding, at least one
     * @return embeddings padded on the right; rows of padding are undefined
     * @throws FormatException if an id is outside the vocabulary: tokenizer and encoder do not
     *     belong together
     */
    public TextBatch encode(Ops ops, List<int[]> ids) {
        int batch = ids.size();
        int maxLen = ids.stream().mapToInt(row -> row.length).max().orElse(0);
        int[] padded = new int[batch * maxLen];
        int[] lengths = new int[batch];
        for (int b = 0; b < batch; b++) {
            int[] row = ids.get(b);
            TokenIds.check(row, config.vocabSize());
            System.arraycopy(row, 0, padded, b * maxLen, row.length);
            lengths[b] = row.length;
        }
        Tensor lengthsTensor = ops.host().ints(Shape.of(batch), lengths);
        try (Scope scope = ops.scope()) {
            Tensor hidden =
                    ops.embedding(ops.host().ints(Shape.of(batch, maxLen), padded), embedTokens);
            boolean even = Arrays.stream(lengths).allMatch(length -> length == maxLen);
            AttentionMask mask =
                    (even
                                    ? AttentionMask.none()
                                    : AttentionMask.paddedPrefix(maxLen, lengthsTensor))
                            .andCausal();
            Rope positions = rope.build(ops, maxLen, Rope.Pairing.HALVES, (row, axis) -> row);
            for (Layer layer : layers) {
                hidden = layer.forward(ops, hidden, mask, positions);
            }
            return new TextBatch(scope.keep(norm.forward(ops, hidden)), lengthsTensor);
        }
    }

    /** Every linear layer by its name in the checkpoint, for adapters. */
    public Map<String, Linear> linears() {
        return parameters.linears();
    }

    @Override
    public void close() {
        parameters.close();
    }

    /**
     * One decoder layer: attention and gated MLP, each after an RMSNorm and added to the stream.
     */
    private static final class Layer {
        private final int numHeads;
        private final int numKvHeads;
        private final int headDim;
        private final RmsNorm inputNorm;
        private final RmsNorm postAttentionNorm;
        private final Linear q;
        private final Linear k;
        private final Linear v;
        private final Linear o;
        private final Linear gate;
        private final Linear up;
        private final Linear down;

        Layer(Qwen25VlConfig config, Parameters p) {
            int dim = config.hiddenDim();
            numHeads = config.numHeads();
            numKvHeads = config.numKvHeads();
            headDim = config.headDim();
            inputNorm = p.rmsNorm("input_layernorm", dim, config.rmsNormEps());
            postAttentionNorm = p.rmsNorm("post_attention_layernorm", dim, config.rmsNormEps());
            q = p.linear("self_attn.q_proj", dim, numHeads * headDim);
            k = p.linear("self_attn.k_proj", dim, numKvHeads * headDim);
            v = p.linear("self_attn.v_proj", dim, numKvHeads * headDim);
            o = p.linearNoBias("self_attn.o_proj", numHeads * headDim, dim);
            gate = p.linearNoBias("mlp.gate_proj", dim, config.intermediateDim());
            up = p.linearNoBias("mlp.up_proj", dim, config.intermediateDim());
            down = p.linearNoBias("mlp.down_proj", config.intermediateDim(), dim);
        }

        Tensor forward(Ops ops, Tensor hidden, AttentionMask mask, Rope rope) {
            try (Scope scope = ops.scope()) {
                Tensor x = inputNorm.forward(ops, hidden);
                Tensor queries = rotate(ops, heads(q.forward(ops, x), numHeads), rope);
                Tensor keys = rotate(ops, heads(k.forward(ops, x), numKvHeads), rope);
                Tensor values = heads(v.forward(ops, x), numKvHeads);
                float scale = (float) (1 / Math.sqrt(headDim));
                Tensor mixed = ops.attention(queries, keys, values, scale, mask);
                Tensor flat = mixed.reshape(hidden.dim(0), hidden.dim(1), numHeads * headDim);
                Tensor attended = o.forward(ops, flat, Epilogue.add(hidden));
                Tensor y = postAttentionNorm.forward(ops, attended);
                Tensor gated =
                        ops.gatedActivation(
                                Activation.SILU, gate.forward(ops, y), up.forward(ops, y));
                return scope.keep(down.forward(ops, gated, Epilogue.add(attended)));
            }
        }

        private Tensor heads(Tensor x, int count) {
            return x.reshape(x.dim(0), x.dim(1), count, headDim);
        }

        private static Tensor rotate(Ops ops, Tensor x, Rope rope) {
            return ops.headNormRope(List.of(x), Collections.singletonList(null), 0, rope);
        }
    }
}

package glance.model.text;

import glance.api.FormatException;
import glance.io.Weights;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.RmsNorm;
import glance.op.Activation;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The encoder of T5 version 1.1, Raffel et al., arXiv 1910.10683: attention without score scaling,
 * relative positions that the first block holds for all, gated GELU (Shazeer, arXiv 2002.05202).
 * Equals T5EncoderModel of transformers without an attention mask, which is how the diffusion
 * pipelines call it: padding is attended to like text.
 */
public final class T5TextEncoder implements AutoCloseable {
    private static final String SHARED = "shared.weight";
    private static final String EMBED_TOKENS = "encoder.embed_tokens.weight";

    private final T5Config config;
    private final Parameters parameters;
    private final Tensor embedTokens; // (vocab, hidden)
    private final RelativePositions positions;
    private final List<Block> blocks = new ArrayList<>();
    private final RmsNorm finalNorm;

    /** Loads the encoder; {@code weights} must stay open as long as it is used. */
    public T5TextEncoder(Ops ops, T5Config config, Weights weights) {
        this.config = config;
        this.parameters = new Parameters(ops, LlamaCppNames.T5.view(weights), "T5EncoderModel");
        int dim = config.hiddenDim();
        boolean untied = !parameters.has(SHARED) && parameters.has(EMBED_TOKENS);
        embedTokens = parameters.tensor(untied ? EMBED_TOKENS : SHARED, config.vocabSize(), dim);
        Parameters encoder = parameters.in("encoder");
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new Block(config, encoder.in("block").in(i)));
        }
        positions =
                new RelativePositions(
                        encoder.tensor(
                                "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                                config.numBuckets(),
                                config.numHeads()),
                        config.numBuckets(),
                        config.maxDistance());
        finalNorm = encoder.rmsNorm("final_layer_norm", dim, config.rmsNormEps());
        // One table under two names, and the other half of a whole T5.
        parameters.ignore(
                name ->
                        name.equals(EMBED_TOKENS)
                                || name.startsWith("decoder.")
                                || name.startsWith("dec.")
                                || name.equals("lm_head.weight"));
        parameters.finish();
    }

    /**
     * Last hidden states of several texts, after the final norm.
     *
     * @param paddedIds token ids of each text, with the end token, all of one length
     * @return [batch, seqLen, hiddenDim]
     * @throws IllegalArgumentException if lengths differ
     * @throws FormatException if an id is outside the vocabulary
     */
    public Tensor encode(Ops ops, List<int[]> paddedIds) {
        try (Scope scope = ops.scope()) {
            Tensor ids = TokenIds.upload(ops, paddedIds, config.vocabSize());
            AttentionMask mask = AttentionMask.none().withBias(positions.bias(ops, ids.dim(1)));
            Tensor hidden = ops.embedding(ids, embedTokens);
            for (Block block : blocks) {
                Tensor next = block.forward(ops, hidden, mask);
                ops.free(hidden);
                hidden = next;
            }
            return scope.keep(finalNorm.forward(ops, hidden));
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

    /** Attention and gated feed-forward, each after an RMSNorm and added to the stream. */
    private static final class Block {
        private final T5Config config;
        private final RmsNorm attentionNorm;
        private final RmsNorm feedForwardNorm;
        private final Linear q;
        private final Linear k;
        private final Linear v;
        private final Linear o;
        private final Linear gate;
        private final Linear up;
        private final Linear down;

        Block(T5Config config, Parameters p) {
            this.config = config;
            int dim = config.hiddenDim();
            int inner = config.numHeads() * config.headDim();
            Parameters attention = p.in("layer").in(0);
            attentionNorm = norm(attention, config);
            q = attention.linearNoBias("SelfAttention.q", dim, inner);
            k = attention.linearNoBias("SelfAttention.k", dim, inner);
            v = attention.linearNoBias("SelfAttention.v", dim, inner);
            o = attention.linearNoBias("SelfAttention.o", inner, dim);
            Parameters feedForward = p.in("layer").in(1);
            feedForwardNorm = norm(feedForward, config);
            gate = feedForward.linearNoBias("DenseReluDense.wi_0", dim, config.intermediateDim());
            up = feedForward.linearNoBias("DenseReluDense.wi_1", dim, config.intermediateDim());
            down = feedForward.linearNoBias("DenseReluDense.wo", config.intermediateDim(), dim);
        }

        private static RmsNorm norm(Parameters p, T5Config config) {
            return p.rmsNorm("layer_norm", config.hiddenDim(), config.rmsNormEps());
        }

        Tensor forward(Ops ops, Tensor hidden, AttentionMask mask) {
            try (Scope scope = ops.scope()) {
                Tensor x = attentionNorm.forward(ops, hidden);
                Tensor mixed =
                        ops.attention(
                                heads(q.forward(ops, x)),
                                heads(k.forward(ops, x)),
                                heads(v.forward(ops, x)),
                                1,
                                mask);
                Tensor flat =
                        mixed.reshape(
                                hidden.dim(0), hidden.dim(1), config.numHeads() * config.headDim());
                Tensor attended = o.forward(ops, flat, Epilogue.add(hidden));
                Tensor y = feedForwardNorm.forward(ops, attended);
                Tensor gated =
                        ops.gatedActivation(
                                Activation.GELU_TANH, gate.forward(ops, y), up.forward(ops, y));
                return scope.keep(down.forward(ops, gated, Epilogue.add(attended)));
            }
        }

        private Tensor heads(Tensor x) {
            return x.reshape(x.dim(0), x.dim(1), config.numHeads(), config.headDim());
        }
    }
}

package glance.model.text;

import glance.api.FormatException;
import glance.io.Weights;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.Weight;
import glance.op.AttentionMask;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The text model of CLIP, Radford et al., arXiv 2103.00020: a causal transformer with learned
 * positions, whose state at the end token stands for the whole text. Equals CLIPTextModel and
 * CLIPTextModelWithProjection of transformers without an attention mask, which is how the diffusion
 * pipelines call them: padding is attended to like text.
 */
public final class ClipTextEncoder implements AutoCloseable {
    /** An end token that configs name by mistake; the pooled state then sits at the largest id. */
    private static final int LEGACY_EOS = 2;

    private final ClipTextConfig config;
    private final Parameters parameters;
    private final Tensor tokenEmbedding; // (vocab, hidden)
    private final Tensor positionEmbedding; // (maxPositions, hidden)
    private final List<Layer> layers = new ArrayList<>();
    private final Norm finalNorm;
    private final Linear projection; // null without

    /** Loads the encoder; {@code weights} must stay open as long as it is used. */
    public ClipTextEncoder(Ops ops, ClipTextConfig config, Weights weights) {
        this.config = config;
        this.parameters = new Parameters(ops, OpenClipNames.TABLE.view(weights), "CLIPTextModel");
        Parameters wrapped = parameters.in("text_model");
        String anchor = "embeddings.token_embedding.weight";
        boolean bare = parameters.has(anchor) && !wrapped.has(anchor);
        Parameters model = bare ? parameters : wrapped;
        int dim = config.hiddenDim();
        tokenEmbedding = model.tensor(anchor, config.vocabSize(), dim);
        positionEmbedding =
                model.tensor("embeddings.position_embedding.weight", config.maxPositions(), dim);
        for (int i = 0; i < config.numLayers(); i++) {
            layers.add(new Layer(config, model.in("encoder").in("layers").in(i)));
        }
        finalNorm = new Norm(model.in("final_layer_norm"), config);
        boolean projects = config.projected() || parameters.has("text_projection.weight");
        projection =
                projects
                        ? parameters.linearNoBias("text_projection", dim, config.projectionDim())
                        : null;
        // the numbers 0, 1, 2, ..., which older checkpoints store, and the rest of a whole CLIP
        parameters.ignore(
                name ->
                        name.endsWith("embeddings.position_ids")
                                || name.equals("logit_scale")
                                || name.equals("attn_mask")
                                || name.startsWith("visual."));
        parameters.finish();
    }

    /**
     * Encodes several texts.
     *
     * @param paddedIds token ids of each text, with start and end token, all of one length, which
     *     is at most {@code maxPositions}
     * @throws IllegalArgumentException if lengths differ or are too large
     * @throws FormatException if an id is outside the vocabulary
     */
    public ClipTextOutput encode(Ops ops, List<int[]> paddedIds) {
        try (Scope scope = ops.scope()) {
            Tensor ids = TokenIds.upload(ops, paddedIds, config.vocabSize());
            int seqLen = ids.dim(1);
            if (seqLen > config.maxPositions()) {
                throw new IllegalArgumentException(
                        "text encoder: "
                                + seqLen
                                + " token ids exceed its "
                                + config.maxPositions()
                                + " positions; truncate the text");
            }
            Tensor hidden = embed(ops, ids);
            Tensor penultimate = hidden;
            for (Layer layer : layers) {
                if (penultimate != hidden) {
                    ops.free(penultimate);
                }
                penultimate = hidden;
                hidden = layer.forward(ops, hidden);
            }
            Tensor last = finalNorm.forward(ops, hidden);
            Tensor pooled = pool(ops, last, paddedIds);
            Tensor projected = projection == null ? null : projection.forward(ops, pooled);
            return new ClipTextOutput(
                    scope.keep(last),
                    scope.keep(penultimate),
                    scope.keep(pooled),
                    projected == null ? null : scope.keep(projected));
        }
    }

    private Tensor embed(Ops ops, Tensor ids) {
        int batch = ids.dim(0);
        int seqLen = ids.dim(1);
        try (Scope scope = ops.scope()) {
            Tensor tokens = ops.embedding(ids, tokenEmbedding);
            Tensor positions = ops.pack(positionEmbedding.narrow(0, 0, seqLen));
            // One row of all positions per text, which is how add broadcasts.
            Tensor rows = tokens.reshape(batch, seqLen * config.hiddenDim());
            Tensor sum = ops.add(rows, positions.reshape(seqLen * config.hiddenDim()));
            return scope.keep(sum).reshape(batch, seqLen, config.hiddenDim());
        }
    }

    private Tensor pool(Ops ops, Tensor last, List<int[]> paddedIds) {
        List<Tensor> rows = new ArrayList<>();
        for (int b = 0; b < paddedIds.size(); b++) {
            int end = endPosition(paddedIds.get(b), config.eosTokenId());
            rows.add(last.narrow(0, b, 1).narrow(1, end, 1).reshape(1, config.hiddenDim()));
        }
        return ops.concat(0, rows);
    }

    /**
     * Where the text ends: at the first end token, or at 0 if there is none. Under the legacy id at
     * the first of the largest ids, since the true end token is the last of the vocabulary.
     */
    static int endPosition(int[] ids, int eosTokenId) {
        int end = 0;
        for (int i = 0; i < ids.length; i++) {
            if (eosTokenId == LEGACY_EOS) {
                end = ids[i] > ids[end] ? i : end;
            } else if (ids[i] == eosTokenId) {
                return i;
            }
        }
        return end;
    }

    /** Every linear layer by its name in the checkpoint, for adapters. */
    public Map<String, Linear> linears() {
        return parameters.linears();
    }

    @Override
    public void close() {
        parameters.close();
    }

    /** A layer norm with weight and bias. */
    private record Norm(Weight weight, Weight bias, float eps) {
        Norm(Parameters p, ClipTextConfig config) {
            this(
                    p.weight("weight", config.hiddenDim()),
                    p.weight("bias", config.hiddenDim()),
                    config.layerNormEps());
        }

        Tensor forward(Ops ops, Tensor x) {
            return ops.layerNorm(x, weight.in(ops), bias.in(ops), eps);
        }
    }

    /** Causal attention and feed-forward, each after a layer norm and added to the stream. */
    private static final class Layer {
        private final ClipTextConfig config;
        private final Norm norm1;
        private final Norm norm2;
        private final Linear q;
        private final Linear k;
        private final Linear v;
        private final Linear out;
        private final Linear fc1;
        private final Linear fc2;

        Layer(ClipTextConfig config, Parameters p) {
            this.config = config;
            int dim = config.hiddenDim();
            norm1 = new Norm(p.in("layer_norm1"), config);
            norm2 = new Norm(p.in("layer_norm2"), config);
            q = p.linear("self_attn.q_proj", dim, dim);
            k = p.linear("self_attn.k_proj", dim, dim);
            v = p.linear("self_attn.v_proj", dim, dim);
            out = p.linear("self_attn.out_proj", dim, dim);
            fc1 = p.linear("mlp.fc1", dim, config.intermediateDim());
            fc2 = p.linear("mlp.fc2", config.intermediateDim(), dim);
        }

        Tensor forward(Ops ops, Tensor hidden) {
            try (Scope scope = ops.scope()) {
                Tensor x = norm1.forward(ops, hidden);
                Tensor mixed =
                        ops.attention(
                                heads(q.forward(ops, x)),
                                heads(k.forward(ops, x)),
                                heads(v.forward(ops, x)),
                                (float) (1 / Math.sqrt(config.headDim())),
                                AttentionMask.none().andCausal());
                Tensor flat = mixed.reshape(hidden.dim(0), hidden.dim(1), config.hiddenDim());
                Tensor attended = out.forward(ops, flat, Epilogue.add(hidden));
                Tensor y = norm2.forward(ops, attended);
                Tensor wide = fc1.forward(ops, y, Epilogue.activation(config.activation()));
                return scope.keep(fc2.forward(ops, wide, Epilogue.add(attended)));
            }
        }

        private Tensor heads(Tensor x) {
            return x.reshape(x.dim(0), x.dim(1), config.numHeads(), config.headDim());
        }
    }
}

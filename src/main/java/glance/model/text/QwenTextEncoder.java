package glance.model.text;

import glance.api.FormatException;
import glance.io.Weights;
import glance.nn.GatedMlp;
import glance.nn.Linear;
import glance.nn.Parameters;
import glance.nn.Projections;
import glance.nn.RmsNorm;
import glance.nn.RopeTables;
import glance.nn.Weight;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The language model of Qwen2.5-VL, Qwen3 or Qwen3-VL as a text encoder: a decoder-only transformer
 * with grouped heads, whose hidden states are the embeddings. The output head in the file is not
 * used, and the vision tower only where pictures are shown, of Qwen2.5-VL. Equals
 * Qwen2_5_VLForConditionalGeneration, Qwen3ForCausalLM and Qwen3VLModel of transformers, {@code
 * hidden_states}. In text without pictures the three rotary position axes coincide.
 */
public final class QwenTextEncoder implements AutoCloseable {
    private static final String WORDS = "embed_tokens.weight";

    /** What comes before the names of the vision tower in the published checkpoints. */
    private static final List<String> TOWERS = List.of("visual", "model.visual");

    private final QwenConfig config;
    private final Parameters parameters;
    private final Tensor embedTokens; // (vocab, hidden)
    private final List<Layer> layers = new ArrayList<>();
    private final RmsNorm norm;
    private final RopeTables rope;
    private final QwenVisionConfig vision; // null if it sees no pictures
    private final QwenVisionTower tower; // null if it sees no pictures
    private final RopeTables axes; // null if it sees no pictures

    /** Loads the encoder; {@code weights} must stay open as long as it is used. */
    public QwenTextEncoder(Ops ops, QwenConfig config, Weights weights) {
        this(ops, config, Optional.empty(), weights);
    }

    /**
     * Loads the encoder with the tower that sees pictures, or without it.
     *
     * @param weights must stay open as long as it is used
     * @throws FormatException if the tower is wanted and not in the file
     */
    public QwenTextEncoder(
            Ops ops, QwenConfig config, Optional<QwenVisionConfig> seeing, Weights weights) {
        this.config = config;
        this.vision = seeing.orElse(null);
        String towerRoot = vision == null ? null : towerRoot(weights);
        String component = config.headNorms() ? "Qwen3" : "Qwen2_5_VLForConditionalGeneration";
        this.parameters = new Parameters(ops, LlamaCppNames.QWEN.view(weights), component);
        Parameters model = textModel(parameters);
        int dim = config.hiddenDim();
        embedTokens = model.tensor(WORDS, config.vocabSize(), dim);
        for (int i = 0; i < config.numLayers(); i++) {
            layers.add(new Layer(config, model.in("layers").in(i)));
        }
        norm = model.rmsNorm("norm", dim, config.rmsNormEps());
        rope = new RopeTables(config.ropeTheta(), config.headDim());
        axes = vision == null ? null : RopeTables.sections(config.ropeTheta(), vision.sections());
        tower =
                vision == null
                        ? null
                        // it leaves the device when pictures have been seen
                        : new QwenVisionTower(vision, parameters.in(towerRoot).conditioning());
        parameters.ignore(
                name -> tower == null && isOfTower(name) || name.equals("lm_head.weight"));
        parameters.finish();
    }

    /** The parameters under the first root that has words; random weights take any names. */
    private static Parameters textModel(Parameters all) {
        List<String> roots = LlamaCppNames.QWEN_ROOTS;
        String root =
                roots.stream().filter(one -> all.has(one + WORDS)).findFirst().orElse(roots.get(0));
        return all.in(root.substring(0, root.length() - 1));
    }

    private static boolean isOfTower(String name) {
        return TOWERS.stream().anyMatch(root -> name.startsWith(root + "."));
    }

    /** What comes before the tower's names; random weights take any names. */
    private static String towerRoot(Weights weights) {
        Set<String> names = weights.tensors().keySet();
        return TOWERS.stream()
                .filter(root -> names.stream().anyMatch(name -> name.startsWith(root + ".")))
                .findFirst()
                .or(() -> names.isEmpty() ? Optional.of(TOWERS.get(0)) : Optional.empty())
                .orElseThrow(
                        () ->
                                new FormatException(
                                        weights.source(),
                                        TOWERS.get(0),
                                        "holds no vision tower, with which this model sees"
                                                + " reference pictures",
                                        "use the text encoder that was published with the model,"
                                                + " in safetensors"));
    }

    /** Number of the last hidden state, which is the number of blocks. */
    public int lastState() {
        return config.numLayers();
    }

    /**
     * Last hidden states of several texts, after the final norm.
     *
     * @param ids token ids of each text, without padding, at least one
     * @return embeddings padded on the right; rows of padding are undefined
     * @throws FormatException if an id is outside the vocabulary: tokenizer and encoder do not
     *     belong together
     */
    public TextBatch encode(Ops ops, List<int[]> ids) {
        return encode(ops, ids, lastState());
    }

    /**
     * A hidden state of several texts, as {@link #states} numbers them.
     *
     * @param ids token ids of each text, without padding, at least one
     * @return embeddings padded on the right; rows of padding are undefined
     * @throws FormatException if an id is outside the vocabulary: tokenizer and encoder do not
     *     belong together
     */
    public TextBatch encode(Ops ops, List<int[]> ids, int state) {
        PaddedTexts texts = PaddedTexts.toLongest(ids);
        Tensor lengths = lengths(ops, texts);
        return new TextBatch(states(ops, texts, lengths, List.of(), state).get(0), lengths);
    }

    /**
     * Ids with room for pictures: the first mark of a text becomes as many as the first picture has
     * units, and so on. Further marks, as a prompt may hold them, are text.
     *
     * @param ids of each text, with a mark for each picture
     */
    public List<int[]> withRoom(List<int[]> ids, List<QwenPictures.Patches> pictures) {
        List<QwenPictures.Units> units = units(pictures);
        return ids.stream()
                .map(text -> SeenTexts.expanded(text, units, vision.imageToken()))
                .toList();
    }

    /**
     * Last hidden states of texts about pictures, after the final norm.
     *
     * @param ids of each text {@link #withRoom}; the texts begin alike, up to the last picture
     * @param pictures in the order of their places; none for text alone
     * @return embeddings padded on the right; rows of padding are undefined
     * @throws IllegalArgumentException if the encoder was loaded without the tower
     * @throws FormatException if an id is outside the vocabulary
     */
    public TextBatch encode(Ops ops, List<int[]> ids, List<QwenPictures.Patches> pictures) {
        if (!pictures.isEmpty() && tower == null) {
            throw new IllegalArgumentException("this text encoder was loaded to see no pictures");
        }
        PaddedTexts texts = PaddedTexts.toLongest(ids);
        Tensor lengths = lengths(ops, texts);
        return new TextBatch(states(ops, texts, lengths, pictures, lastState()).get(0), lengths);
    }

    /** What texts see of a picture: [units, hiddenDim], row by row, in the innermost scope. */
    public Tensor seen(Ops ops, QwenPictures.Patches picture) {
        return tower.forward(ops, picture);
    }

    /**
     * Positions of the tokens of texts with pictures on the axes time, height and width.
     *
     * @param ids of a text {@link #withRoom}
     * @return [3][length]
     */
    public int[][] positions(int[] ids, List<QwenPictures.Patches> pictures) {
        return SeenTexts.of(List.of(ids), units(pictures), vision.imageToken()).positions();
    }

    private static List<QwenPictures.Units> units(List<QwenPictures.Patches> pictures) {
        return pictures.stream().map(QwenPictures.Patches::units).toList();
    }

    /**
     * Hidden states of several texts. State 0 is the embedding, state N the output of block N (the
     * first is 1), the last one that of the last block after the final norm. Blocks behind the
     * deepest state that is asked for are not run, and do not come to the device.
     *
     * @param texts rows of padding are computed like those of the reference: they see the real
     *     tokens, and nobody sees them
     * @param wanted numbers of states, at least one
     * @return [batch, length, hiddenDim] for each number, in the order given
     * @throws FormatException if an id is outside the vocabulary: tokenizer and encoder do not
     *     belong together
     */
    public List<Tensor> states(Ops ops, PaddedTexts texts, int... wanted) {
        return states(ops, texts, lengths(ops, texts), List.of(), wanted);
    }

    private static Tensor lengths(Ops ops, PaddedTexts texts) {
        return ops.host().ints(Shape.of(texts.lengths().length), texts.lengths());
    }

    private List<Tensor> states(
            Ops ops,
            PaddedTexts texts,
            Tensor lengths,
            List<QwenPictures.Patches> pictures,
            int... wanted) {
        int deepest = Arrays.stream(wanted).max().orElseThrow();
        Map<Integer, Tensor> states = new HashMap<>();
        try (Scope scope = ops.scope()) {
            Tensor ids = TokenIds.upload(ops, texts.rows(), config.vocabSize());
            int length = ids.dim(1);
            AttentionMask mask =
                    (texts.isFull()
                                    ? AttentionMask.none()
                                    : AttentionMask.paddedPrefix(length, lengths))
                            .andCausal();
            Tensor hidden = ops.embedding(ids, embedTokens);
            Rope positions;
            if (pictures.isEmpty()) {
                positions = rope.build(ops, length, Rope.Pairing.HALVES, (row, axis) -> row);
            } else {
                SeenTexts places = SeenTexts.of(texts.rows(), units(pictures), vision.imageToken());
                hidden = shown(ops, hidden, pictures, places);
                positions =
                        axes.build(
                                ops,
                                length,
                                Rope.Pairing.HALVES,
                                (row, axis) -> places.positions()[axis][row]);
            }
            for (int state = 0; state <= deepest; state++) {
                if (state > 0) {
                    Tensor next = layers.get(state - 1).forward(ops, hidden, mask, positions);
                    if (!states.containsValue(hidden)) {
                        ops.free(hidden);
                    }
                    hidden = next;
                }
                int number = state;
                if (Arrays.stream(wanted).anyMatch(one -> one == number)) {
                    states.put(state, state < lastState() ? hidden : norm.forward(ops, hidden));
                }
            }
            states.values().forEach(scope::keep);
            return Arrays.stream(wanted).mapToObj(states::get).toList();
        }
    }

    /** Words [batch, length, hiddenDim] with what is seen of the pictures in their places. */
    private Tensor shown(
            Ops ops, Tensor words, List<QwenPictures.Patches> pictures, SeenTexts places) {
        try (Scope scope = ops.scope()) {
            int dim = config.hiddenDim();
            List<Tensor> rows = new ArrayList<>();
            rows.add(words.reshape(words.dim(0) * words.dim(1), dim));
            pictures.forEach(picture -> rows.add(seen(ops, picture)));
            parameters.unloadConditioning();
            Tensor chosen =
                    ops.host()
                            .ints(Shape.of(words.dim(0), words.dim(1)), places.rows(words.dim(0)));
            return scope.keep(ops.embedding(chosen, ops.concat(0, rows)));
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
        private final Projections qkv;
        private final Weight qNorm; // null without
        private final Weight kNorm; // null without
        private final float eps;
        private final Linear o;
        private final GatedMlp mlp;

        Layer(QwenConfig config, Parameters p) {
            int dim = config.hiddenDim();
            numHeads = config.numHeads();
            numKvHeads = config.numKvHeads();
            headDim = config.headDim();
            inputNorm = p.rmsNorm("input_layernorm", dim, config.rmsNormEps());
            postAttentionNorm = p.rmsNorm("post_attention_layernorm", dim, config.rmsNormEps());
            qkv =
                    Projections.of(
                            projection(config, p, "self_attn.q_proj", numHeads),
                            projection(config, p, "self_attn.k_proj", numKvHeads),
                            projection(config, p, "self_attn.v_proj", numKvHeads));
            qNorm = config.headNorms() ? p.weight("self_attn.q_norm.weight", headDim) : null;
            kNorm = config.headNorms() ? p.weight("self_attn.k_norm.weight", headDim) : null;
            eps = config.rmsNormEps();
            o = p.linearNoBias("self_attn.o_proj", numHeads * headDim, dim);
            mlp =
                    GatedMlp.of(
                            p.in("mlp"),
                            "gate_proj",
                            "up_proj",
                            "down_proj",
                            dim,
                            config.intermediateDim());
        }

        private static Linear projection(QwenConfig config, Parameters p, String name, int heads) {
            int out = heads * config.headDim();
            return config.attentionBias()
                    ? p.linear(name, config.hiddenDim(), out)
                    : p.linearNoBias(name, config.hiddenDim(), out);
        }

        Tensor forward(Ops ops, Tensor hidden, AttentionMask mask, Rope rope) {
            try (Scope scope = ops.scope()) {
                Tensor x = inputNorm.forward(ops, hidden);
                List<Tensor> made = qkv.forward(ops, x);
                Tensor queries = rotate(ops, heads(made.get(0), numHeads), qNorm, rope);
                Tensor keys = rotate(ops, heads(made.get(1), numKvHeads), kNorm, rope);
                Tensor values = heads(made.get(2), numKvHeads);
                float scale = (float) (1 / Math.sqrt(headDim));
                Tensor mixed = ops.attention(queries, keys, values, scale, mask);
                Tensor flat = mixed.reshape(hidden.dim(0), hidden.dim(1), numHeads * headDim);
                Tensor attended = o.forward(ops, flat, Epilogue.add(hidden));
                Tensor y = postAttentionNorm.forward(ops, attended);
                return scope.keep(mlp.forward(ops, y, Epilogue.add(attended)));
            }
        }

        private Tensor heads(Tensor x, int count) {
            return x.reshape(x.dim(0), x.dim(1), count, headDim);
        }

        private Tensor rotate(Ops ops, Tensor x, Weight norm, Rope rope) {
            Tensor weight = norm == null ? null : norm.in(ops);
            return ops.headNormRope(List.of(x), Collections.singletonList(weight), eps, rope);
        }
    }
}

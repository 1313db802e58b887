package glance.model.sd3;

import glance.api.FormatException;
import glance.io.ModelFolder;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.text.ClipTextOutput;
import glance.model.text.PromptCut;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Prompts for Stable Diffusion 3, seen by two CLIP encoders and T5:
 *
 * <pre>
 *              width of T5
 *    77 rows   CLIP-L | CLIP-G | 0     hidden states before the last layer
 *   256 rows   T5                      zeros where the folder has no T5
 *
 *   pooled     CLIP-L | CLIP-G         projected
 * </pre>
 *
 * Equals encode_prompt of StableDiffusion3Pipeline.
 */
final class Sd3PromptEncoder implements PromptEncoder {
    /** Folders of the text encoders. */
    static final String CLIP_L = "text_encoder";

    static final String CLIP_G = "text_encoder_2";
    static final String T5 = "text_encoder_3";

    private static final String BOTH = "each CLIP encoder";

    private final ModelFolder folder;
    private final Sd3Config config;
    private final PromptTokens tokens;
    private ClipTower first;
    private ClipTower second;
    private T5Tower third; // null without

    /**
     * Loads all encoders.
     *
     * @param tokens rows of T5 (usual), and how many it could have (most)
     * @throws FormatException if one is damaged, or not of the kind that this model needs
     */
    Sd3PromptEncoder(Ops ops, ModelFolder folder, Sd3Config config, PromptTokens tokens) {
        this.tokens = tokens;
        this.folder = folder;
        this.config = config;
        try {
            first = new ClipTower(ops, folder, "tokenizer", CLIP_L);
            second = new ClipTower(ops, folder, "tokenizer_2", CLIP_G);
            third = folder.has(T5) ? new T5Tower(ops, folder, "tokenizer_3", T5, tokens) : null;
            requireWidths();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What the transformer expects is what the encoders give. */
    private void requireWidths() {
        int pooled = first.projectionDim() + second.projectionDim();
        if (pooled != config.pooledDim()) {
            throw misfit("pooled_projection_dim", pooled, "both CLIP encoders", config.pooledDim());
        }
        if (third != null && third.hiddenDim() != config.textDim()) {
            throw misfit("joint_attention_dim", third.hiddenDim(), "T5", config.textDim());
        }
    }

    private FormatException misfit(String key, int encoders, String which, int transformer) {
        return folder.config("transformer")
                .refuse(
                        key,
                        "expected " + encoders + " as " + which + " have it, got " + transformer,
                        "use the parts of one model");
    }

    @Override
    public int[] tokenIds(String prompt) {
        return first.tokenIds(prompt);
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        Optional<PromptCut> l = first.cut("CLIP-L", prompt);
        Optional<PromptCut> g = second.cut("CLIP-G", prompt);
        Optional<PromptCut> both = first.cut(BOTH, prompt);
        boolean same = both.equals(second.cut(BOTH, prompt));
        return Stream.of(
                        third == null ? Optional.<PromptCut>empty() : third.cut(prompt),
                        same ? both : l,
                        same ? Optional.<PromptCut>empty() : g)
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        try (Scope scope = ops.scope()) {
            Adapter active = ops.adapter();
            ClipTextOutput l = ops.under(active.in(CLIP_L), () -> first.encode(ops, prompts));
            ClipTextOutput g = ops.under(active.in(CLIP_G), () -> second.encode(ops, prompts));
            Tensor pooled = ops.concat(1, List.of(l.projected(), g.projected()));
            Tensor clip = widened(ops, List.of(l.penultimate(), g.penultimate()));
            Tensor joined = ops.concat(1, List.of(clip, t5(ops, prompts)));
            int[] lengths = new int[prompts.size()];
            Arrays.fill(lengths, joined.dim(1));
            return new TextBatch(
                    scope.keep(joined),
                    scope.keep(ops.host().ints(Shape.of(lengths.length), lengths)),
                    scope.keep(pooled));
        }
    }

    /** The parts side by side, and zeros up to the width of the text. */
    private Tensor widened(Ops ops, List<Tensor> parts) {
        Tensor first = parts.get(0);
        int missing = config.textDim() - parts.stream().mapToInt(part -> part.dim(2)).sum();
        if (missing < 0) {
            throw new FormatException(
                    folder.path(),
                    "joint_attention_dim",
                    "the transformer's "
                            + config.textDim()
                            + " channels are fewer than those of both CLIP encoders",
                    "use the parts of one model");
        }
        if (missing == 0) {
            return ops.concat(2, parts);
        }
        Tensor zeros = zeros(ops, Shape.of(first.dim(0), first.dim(1), missing));
        return ops.concat(2, List.of(parts.get(0), parts.get(1), zeros));
    }

    private Tensor t5(Ops ops, List<String> prompts) {
        return third == null
                ? zeros(ops, Shape.of(prompts.size(), tokens.usual(), config.textDim()))
                : ops.under(ops.adapter().in(T5), () -> third.encode(ops, prompts));
    }

    private static Tensor zeros(Ops ops, Shape shape) {
        return ops.host().floats(shape, new float[Math.toIntExact(shape.numel())]);
    }

    @Override
    public Map<String, Linear> linears() {
        Map<String, Linear> linears = Linear.in(CLIP_L, first.linears());
        linears.putAll(Linear.in(CLIP_G, second.linears()));
        if (third != null) {
            linears.putAll(Linear.in(T5, third.linears()));
        }
        return linears;
    }

    @Override
    public void close() {
        if (first != null) {
            first.close();
        }
        if (second != null) {
            second.close();
        }
        if (third != null) {
            third.close();
        }
    }
}

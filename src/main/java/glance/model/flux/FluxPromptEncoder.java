package glance.model.flux;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.text.ClipTextConfig;
import glance.model.text.ClipTextEncoder;
import glance.model.text.FixedLength;
import glance.model.text.PromptCut;
import glance.model.text.T5Config;
import glance.model.text.T5TextEncoder;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Prompts for FLUX: the sequence from T5, and one vector for the whole text from CLIP. Both see
 * padding like text, so every position of the sequence counts as real.
 */
final class FluxPromptEncoder implements PromptEncoder {
    private final FixedLength clipIds;
    private final FixedLength t5Ids;
    private final int mostTokens;
    private final Weights clipWeights;
    private final Weights t5Weights;
    private final ClipTextEncoder clip;
    private final T5TextEncoder t5;

    /** A tokenizer with the config and the weights of its encoder. */
    record Part<C>(Tokenizer tokenizer, C config, Weights weights) {}

    /**
     * Loads both encoders; tokenizers and weights belong to the result unless this fails.
     *
     * @param maxTokens ids that T5 is given
     * @param mostTokens ids that it could be given
     */
    FluxPromptEncoder(
            Ops ops,
            Part<ClipTextConfig> clipPart,
            Part<T5Config> t5Part,
            int maxTokens,
            int mostTokens) {
        this.mostTokens = mostTokens;
        clipIds = new FixedLength(clipPart.tokenizer(), clipPart.config().maxPositions());
        t5Ids = new FixedLength(t5Part.tokenizer(), maxTokens);
        clipWeights = clipPart.weights();
        t5Weights = t5Part.weights();
        clip = new ClipTextEncoder(ops, clipPart.config(), clipWeights);
        try {
            t5 = new T5TextEncoder(ops, t5Part.config(), t5Weights);
        } catch (RuntimeException e) {
            clip.close();
            throw e;
        }
    }

    /** Those of T5. */
    @Override
    public int[] tokenIds(String prompt) {
        return t5Ids.ids(prompt);
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return Stream.of(
                        t5Ids.cut("T5", prompt, mostTokens),
                        clipIds.cut("CLIP", prompt, clipIds.length()))
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        int[] lengths = new int[prompts.size()];
        Arrays.fill(lengths, t5Ids.length());
        try (Scope scope = ops.scope()) {
            Adapter active = ops.adapter();
            List<int[]> ofT5 = prompts.stream().map(t5Ids::ids).toList();
            List<int[]> ofClip = prompts.stream().map(clipIds::ids).toList();
            Tensor sequence = ops.under(active.in(FluxFamily.T5), () -> t5.encode(ops, ofT5));
            Tensor pooled =
                    ops.under(active.in(FluxFamily.CLIP), () -> clip.encode(ops, ofClip)).pooled();
            Tensor counts = ops.host().ints(Shape.of(lengths.length), lengths);
            return new TextBatch(
                    scope.keep(sequence), scope.keep(counts), scope.keep(ops.pack(pooled)));
        }
    }

    @Override
    public Map<String, Linear> linears() {
        Map<String, Linear> linears = Linear.in(FluxFamily.CLIP, clip.linears());
        linears.putAll(Linear.in(FluxFamily.T5, t5.linears()));
        return linears;
    }

    @Override
    public void close() {
        clip.close();
        t5.close();
        clipIds.tokenizer().close();
        t5Ids.tokenizer().close();
        clipWeights.close();
        t5Weights.close();
    }
}

package glance.model.flux2;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.text.ChatTemplate;
import glance.model.text.PaddedTexts;
import glance.model.text.PromptCut;
import glance.model.text.PromptTemplate;
import glance.model.text.QwenConfig;
import glance.model.text.QwenTextEncoder;
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

/**
 * Prompts for FLUX.2 [klein]: the message of a user to Qwen3, which is not to think, padded to a
 * fixed length. Three hidden states side by side are the embeddings; padding counts as real.
 */
final class Flux2PromptEncoder implements PromptEncoder {
    /** Blocks of Qwen3 behind which the embeddings are taken. */
    static final int[] STATES = {9, 18, 27};

    private final PromptTemplate template;
    private final Weights weights;
    private final QwenTextEncoder encoder;
    private final PromptTokens tokens;

    /**
     * Loads the encoder; tokenizer and weights belong to the result.
     *
     * @param tokens ids that the encoder is given (usual), and how many it could be (most)
     */
    Flux2PromptEncoder(
            Ops ops, Tokenizer tokenizer, QwenConfig config, Weights weights, PromptTokens tokens) {
        this.template =
                new PromptTemplate(tokenizer, ChatTemplate.before(), ChatTemplate.after(false));
        this.weights = weights;
        this.tokens = tokens;
        this.encoder = new QwenTextEncoder(ops, config, weights);
    }

    @Override
    public int[] tokenIds(String prompt) {
        return padded(List.of(prompt)).rows().get(0);
    }

    private PaddedTexts padded(List<String> prompts) {
        return PaddedTexts.of(
                prompts.stream().map(template::ids).toList(),
                tokens.usual(),
                template.tokenizer().padId());
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        int limit = tokens.usual();
        return template.cut("Qwen3", prompt, limit, limit, tokens.most()).stream().toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        int[] lengths = new int[prompts.size()];
        Arrays.fill(lengths, tokens.usual());
        try (Scope scope = ops.scope()) {
            Adapter own = ops.adapter().in(Flux2Family.TEXT_ENCODER);
            PaddedTexts texts = padded(prompts);
            List<Tensor> states = ops.under(own, () -> encoder.states(ops, texts, STATES));
            Tensor counts = ops.host().ints(Shape.of(lengths.length), lengths);
            return new TextBatch(scope.keep(ops.concat(2, states)), scope.keep(counts));
        }
    }

    @Override
    public Map<String, Linear> linears() {
        return Linear.in(Flux2Family.TEXT_ENCODER, encoder.linears());
    }

    @Override
    public void close() {
        encoder.close();
        template.tokenizer().close();
        weights.close();
    }
}

package glance.model.zimage;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.text.ChatTemplate;
import glance.model.text.PromptCut;
import glance.model.text.PromptTemplate;
import glance.model.text.QwenConfig;
import glance.model.text.QwenTextEncoder;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Prompts for Z-Image: the message of a user to Qwen3, which may think. The output of the last
 * block but one is the embedding; there is no padding.
 */
final class ZImagePromptEncoder implements PromptEncoder {
    private final PromptTemplate template;
    private final Weights weights;
    private final QwenTextEncoder encoder;
    private final PromptTokens tokens;

    /**
     * Loads the encoder; tokenizer and weights belong to the result.
     *
     * @param tokens ids that the encoder is given at most, those of the template included (usual),
     *     and how many it could be (most)
     */
    ZImagePromptEncoder(
            Ops ops, Tokenizer tokenizer, QwenConfig config, Weights weights, PromptTokens tokens) {
        this.template =
                new PromptTemplate(tokenizer, ChatTemplate.before(), ChatTemplate.after(true));
        this.weights = weights;
        this.tokens = tokens;
        this.encoder = new QwenTextEncoder(ops, config, weights);
    }

    @Override
    public int[] tokenIds(String prompt) {
        int[] ids = template.ids(prompt);
        return Arrays.copyOf(ids, Math.min(ids.length, tokens.usual()));
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        int limit = tokens.usual();
        return template.cut("Qwen3", prompt, limit, limit, tokens.most()).stream().toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        List<int[]> ids = prompts.stream().map(this::tokenIds).toList();
        Adapter own = ops.adapter().in(ZImageFamily.TEXT_ENCODER);
        return ops.under(own, () -> encoder.encode(ops, ids, encoder.lastState() - 1));
    }

    @Override
    public Map<String, Linear> linears() {
        return Linear.in(ZImageFamily.TEXT_ENCODER, encoder.linears());
    }

    @Override
    public void close() {
        encoder.close();
        template.tokenizer().close();
        weights.close();
    }
}

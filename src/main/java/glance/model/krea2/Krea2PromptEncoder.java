package glance.model.krea2;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.text.DescribingTemplate;
import glance.model.text.PaddedTexts;
import glance.model.text.PromptCut;
import glance.model.text.QwenConfig;
import glance.model.text.QwenTextEncoder;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;

/**
 * Prompts for Krea 2: hidden states of several layers of Qwen3-VL. The reference pads the prompt to
 * a fixed length before it adds the end of the template, masks the padding, and counts positions
 * without it; so the real tokens alone give the same.
 */
final class Krea2PromptEncoder implements PromptEncoder {
    private final Tokenizer tokenizer;
    private final Weights weights;
    private final QwenTextEncoder encoder;
    private final DescribingTemplate template;
    private final int mostTokens;
    private final int[] layers;

    /**
     * Loads the encoder; tokenizer and weights belong to the result.
     *
     * @param layers numbers of the hidden states, 0 for the embedding
     * @param tokens embeddings kept of a prompt (usual), and how many could be (most)
     */
    Krea2PromptEncoder(
            Ops ops,
            Tokenizer tokenizer,
            QwenConfig config,
            Weights weights,
            List<Integer> layers,
            PromptTokens tokens) {
        this.tokenizer = tokenizer;
        this.weights = weights;
        this.encoder = new QwenTextEncoder(ops, config, weights);
        this.template =
                new DescribingTemplate(tokenizer, tokens.usual(), DescribingTemplate.End.KEPT);
        this.mostTokens = tokens.most();
        this.layers = layers.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public int[] tokenIds(String prompt) {
        return template.ids(prompt);
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return template.cut("Qwen3-VL", prompt, mostTokens).stream().toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        List<int[]> ids = prompts.stream().map(this::tokenIds).toList();
        try (Scope scope = ops.scope()) {
            Adapter own = ops.adapter().in(Krea2Family.TEXT_ENCODER);
            List<Tensor> states =
                    ops.under(own, () -> encoder.states(ops, PaddedTexts.toLongest(ids), layers));
            TextBatch kept = template.kept(ops, ids, states);
            return new TextBatch(scope.keep(kept.embeddings()), scope.keep(kept.lengths()));
        }
    }

    @Override
    public Map<String, Linear> linears() {
        return Linear.in(Krea2Family.TEXT_ENCODER, encoder.linears());
    }

    @Override
    public void close() {
        encoder.close();
        tokenizer.close();
        weights.close();
    }
}

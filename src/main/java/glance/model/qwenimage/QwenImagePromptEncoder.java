package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.text.DescribingTemplate;
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

/** Prompts for Qwen-Image: last hidden states of Qwen2.5-VL in its chat template. */
final class QwenImagePromptEncoder implements PromptEncoder {
    private final Tokenizer tokenizer;
    private final Weights weights;
    private final QwenTextEncoder encoder;
    private final DescribingTemplate template;
    private final int mostTokens;

    /**
     * Loads the encoder; tokenizer and weights belong to the result.
     *
     * @param tokens embeddings kept of a prompt (usual), and how many could be (most)
     */
    QwenImagePromptEncoder(
            Ops ops, Tokenizer tokenizer, QwenConfig config, Weights weights, PromptTokens tokens) {
        this.tokenizer = tokenizer;
        this.weights = weights;
        this.encoder = new QwenTextEncoder(ops, config, weights);
        this.template =
                new DescribingTemplate(tokenizer, tokens.usual(), DescribingTemplate.End.CUT);
        this.mostTokens = tokens.most();
    }

    @Override
    public int[] tokenIds(String prompt) {
        return template.ids(prompt);
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return template.cut("Qwen2.5-VL", prompt, mostTokens).stream().toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        List<int[]> ids = prompts.stream().map(this::tokenIds).toList();
        try (Scope scope = ops.scope()) {
            Adapter own = ops.adapter().in(QwenImageFamily.TEXT_ENCODER);
            Tensor hidden = ops.under(own, () -> encoder.encode(ops, ids)).embeddings();
            TextBatch kept = template.kept(ops, ids, List.of(hidden));
            return new TextBatch(scope.keep(kept.embeddings()), scope.keep(kept.lengths()));
        }
    }

    @Override
    public Map<String, Linear> linears() {
        return Linear.in(QwenImageFamily.TEXT_ENCODER, encoder.linears());
    }

    @Override
    public void close() {
        encoder.close();
        tokenizer.close();
        weights.close();
    }
}

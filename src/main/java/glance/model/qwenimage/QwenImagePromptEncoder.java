package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
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
 * Prompts for Qwen-Image: the prompt is put into a chat template, encoded, and the embeddings of
 * the template's prefix are dropped. The reference drops 34, which is what the prefix has with the
 * published tokenizer; counting the tokens gives the same there and is right for any tokenizer.
 */
final class QwenImagePromptEncoder implements PromptEncoder {
    private static final String PREFIX =
            "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity,"
                    + " text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n";
    private static final String SUFFIX = "<|im_end|>\n<|im_start|>assistant\n";

    private final PromptTemplate template;
    private final Weights weights;
    private final QwenTextEncoder encoder;
    private final PromptTokens tokens;
    private final int prefixLen;

    /**
     * Loads the encoder; tokenizer and weights belong to the result.
     *
     * @param tokens embeddings kept of a prompt (usual), and how many could be (most)
     */
    QwenImagePromptEncoder(
            Ops ops, Tokenizer tokenizer, QwenConfig config, Weights weights, PromptTokens tokens) {
        this.tokens = tokens;
        this.template = new PromptTemplate(tokenizer, PREFIX, SUFFIX);
        this.weights = weights;
        this.encoder = new QwenTextEncoder(ops, config, weights);
        this.prefixLen = tokenizer.encode(PREFIX).length;
    }

    @Override
    public int[] tokenIds(String prompt) {
        int[] ids = template.ids(prompt);
        int kept = Math.min(ids.length, prefixLen + tokens.usual());
        return Arrays.copyOf(ids, kept);
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return template
                .cut(
                        "Qwen2.5-VL",
                        prompt,
                        prefixLen + tokens.usual(),
                        tokens.usual(),
                        tokens.most())
                .stream()
                .toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        List<int[]> ids = prompts.stream().map(this::tokenIds).toList();
        int batch = ids.size();
        int[] lengths = ids.stream().mapToInt(row -> row.length - prefixLen).toArray();
        int maxLen = Arrays.stream(lengths).max().orElse(0);
        Tensor kept = ops.host().ints(Shape.of(batch), lengths);
        try (Scope scope = ops.scope()) {
            Adapter own = ops.adapter().in(QwenImageFamily.TEXT_ENCODER);
            Tensor hidden = ops.under(own, () -> encoder.encode(ops, ids)).embeddings();
            return new TextBatch(scope.keep(ops.pack(hidden.narrow(1, prefixLen, maxLen))), kept);
        }
    }

    @Override
    public Map<String, Linear> linears() {
        return Linear.in(QwenImageFamily.TEXT_ENCODER, encoder.linears());
    }

    @Override
    public void close() {
        encoder.close();
        template.tokenizer().close();
        weights.close();
    }
}

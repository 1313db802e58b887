package glance.model.qwenimage;

import glance.io.Weights;
import glance.model.PromptEncoder;
import glance.model.PromptTokens;
import glance.model.text.DescribingTemplate;
import glance.model.text.PromptCut;
import glance.model.text.QwenConfig;
import glance.model.text.QwenPictures;
import glance.model.text.QwenTextEncoder;
import glance.model.text.QwenVisionConfig;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import glance.tokenizer.Tokenizer;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Prompts for Qwen-Image: last hidden states of Qwen2.5-VL in its chat template. Models that edit
 * have another template, and look at the pictures with the same encoder.
 */
final class QwenImagePromptEncoder implements PromptEncoder {
    private final Tokenizer tokenizer;
    private final Weights weights;
    private final QwenTextEncoder encoder;
    private final PromptTokens tokens;
    private final Editing editing; // null if it draws from prompts alone

    /**
     * What a model that edits needs beside the rest.
     *
     * @param model which one it is
     * @param vision sizes of the vision tower
     * @param pictures how pictures are made ready for it
     */
    record Editing(QwenImageEdit model, QwenVisionConfig vision, QwenPictures pictures) {}

    /**
     * Loads the encoder; tokenizer and weights belong to the result.
     *
     * @param tokens embeddings kept of a prompt (usual), and how many could be (most)
     */
    QwenImagePromptEncoder(
            Ops ops,
            Tokenizer tokenizer,
            QwenConfig config,
            Optional<Editing> editing,
            Weights weights,
            PromptTokens tokens) {
        this.tokenizer = tokenizer;
        this.weights = weights;
        this.editing = editing.orElse(null);
        this.encoder = new QwenTextEncoder(ops, config, editing.map(Editing::vision), weights);
        this.tokens = tokens;
    }

    private DescribingTemplate template(int pictures) {
        return editing == null
                ? new DescribingTemplate(tokenizer, tokens.usual(), DescribingTemplate.End.CUT)
                : DescribingTemplate.editing(
                        tokenizer, editing.model().before(pictures), tokens.usual());
    }

    @Override
    public int[] tokenIds(String prompt) {
        return template(0).ids(prompt);
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return template(0).cut("Qwen2.5-VL", prompt, tokens.most()).stream().toList();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        return encode(ops, prompts, List.of());
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts, List<BufferedImage> pictures) {
        List<QwenPictures.Patches> shown =
                editing == null
                        ? List.of()
                        : pictures.stream().map(editing.pictures()::patches).toList();
        DescribingTemplate template = template(shown.size());
        List<int[]> texts = prompts.stream().map(template::ids).toList();
        List<int[]> ids = shown.isEmpty() ? texts : encoder.withRoom(texts, shown);
        try (Scope scope = ops.scope()) {
            Adapter own = ops.adapter().in(QwenImageFamily.TEXT_ENCODER);
            Tensor hidden = ops.under(own, () -> encoder.encode(ops, ids, shown)).embeddings();
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

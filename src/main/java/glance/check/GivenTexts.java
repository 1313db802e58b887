package glance.check;

import glance.model.PromptEncoder;
import glance.model.text.PromptCut;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;

/** The recorded embeddings of one prompt, in place of text encoders that the case does not have. */
final class GivenTexts implements PromptEncoder {
    /** Stands for the prompt that was encoded. */
    static final String PROMPT = "given";

    private static final String EMBEDDINGS = "in.prompt_embeds";
    private static final String POOLED = "in.pooled_prompt_embeds";

    private final TextBatch texts;

    private GivenTexts(TextBatch texts) {
        this.texts = texts;
    }

    /** Whether a case has embeddings. */
    static boolean areIn(CaseFolder folder) {
        return folder.has(EMBEDDINGS);
    }

    /** Those of a case, in the innermost scope. */
    static GivenTexts of(CaseFolder folder, Ops ops) {
        Tensor embeddings = folder.tensor(ops, EMBEDDINGS);
        Tensor lengths = ops.host().ints(Shape.of(1), embeddings.dim(1));
        return new GivenTexts(new TextBatch(embeddings, lengths, folder.tensor(ops, POOLED)));
    }

    @Override
    public int[] tokenIds(String prompt) {
        return new int[texts.embeddings().dim(1)];
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return List.of();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        if (!prompts.equals(List.of(PROMPT))) {
            throw new IllegalArgumentException(
                    "only one prompt was recorded, without guidance, got " + prompts);
        }
        return texts;
    }

    @Override
    public void close() {}
}

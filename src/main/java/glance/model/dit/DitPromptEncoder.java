package glance.model.dit;

import glance.model.PromptEncoder;
import glance.model.text.PromptCut;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Class names or numbers as prompts. There is no text encoder: a class is a text of one token with
 * one channel, its number, in float32. The transformer has the embeddings.
 */
final class DitPromptEncoder implements PromptEncoder {
    private final DitClasses classes;

    DitPromptEncoder(DitClasses classes) {
        this.classes = classes;
    }

    @Override
    public int[] tokenIds(String prompt) {
        return new int[] {classes.find(prompt)};
    }

    @Override
    public List<PromptCut> cuts(String prompt) {
        return List.of();
    }

    @Override
    public TextBatch encode(Ops ops, List<String> prompts) {
        int batch = prompts.size();
        float[] numbers = new float[batch];
        for (int b = 0; b < batch; b++) {
            numbers[b] = classes.find(prompts.get(b));
        }
        int[] lengths = new int[batch];
        Arrays.fill(lengths, 1);
        return new TextBatch(
                ops.host().floats(Shape.of(batch, 1, 1), numbers),
                ops.host().ints(Shape.of(batch), lengths));
    }

    @Override
    public void close() {}
}

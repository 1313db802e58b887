package glance.pipeline;

import glance.io.ModelFolder;
import glance.lora.AdapterSet;
import glance.lora.AdapterSet.Active;
import glance.model.Family;
import glance.model.PromptEncoder;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The text encoders of a model while they are open, with the adapters that are for them. */
final class PromptStage implements AutoCloseable {
    private final Ops ops;
    private final PromptEncoder encoder;
    private final AdapterSet set;
    private final RunListener listener;

    /**
     * @param maxPromptTokens tokens of a prompt that are read; 0 for the model's own number
     */
    PromptStage(
            Ops ops, Family family, ModelFolder folder, int maxPromptTokens, RunListener listener) {
        this.ops = ops;
        this.listener = listener;
        listener.stage("text encoder");
        int tokens = family.promptTokens(folder).of(maxPromptTokens);
        encoder = family.openPromptEncoder(ops, folder, tokens);
        set = new AdapterSet(ops, encoder.linears()::containsKey);
    }

    /** What adapters can be for. */
    Map<String, Linear> linears() {
        return encoder.linears();
    }

    /** Warns of words that an encoder does not see, of the negative prompt only if it is used. */
    void warnOfLostWords(List<String> prompts, Guidance guidance, String negative) {
        LostWords.warn(encoder, prompts, guidance.isActive() ? negative : null, listener);
    }

    /**
     * Encodes batches of prompts under adapters.
     *
     * @return in the innermost scope
     */
    List<TextBatch> encode(List<List<String>> batches, List<Active> adapters) {
        Linear.adapt(encoder.linears(), set.combine(adapters));
        try {
            List<TextBatch> texts = new ArrayList<>();
            batches.forEach(batch -> texts.add(encoder.encode(ops, batch)));
            return texts;
        } finally {
            Linear.adapt(encoder.linears(), Map.of());
        }
    }

    @Override
    public void close() {
        set.close();
        encoder.close();
    }
}

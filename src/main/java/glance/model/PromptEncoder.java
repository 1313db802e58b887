package glance.model;

import glance.model.text.PromptCut;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;

/** Turns prompts into what a denoiser is conditioned on. */
public interface PromptEncoder extends AutoCloseable {
    /** Token ids of a prompt as the encoder sees them, template included. */
    int[] tokenIds(String prompt);

    /** What its encoders do not see of a prompt; empty if they see all of it. */
    List<PromptCut> cuts(String prompt);

    /** Embeddings of one or more prompts, in the order given; owned by the innermost scope. */
    TextBatch encode(Ops ops, List<String> prompts);

    /**
     * The same for prompts about pictures. Encoders that see none read the prompts alone.
     *
     * @param pictures what every prompt is about, in the order given, as {@link
     *     ReferenceRules#described} makes them
     */
    default TextBatch encode(Ops ops, List<String> prompts, List<BufferedImage> pictures) {
        return encode(ops, prompts);
    }

    /**
     * Every linear layer of the text encoders, for adapters: the name of the encoder's folder, a
     * dot, and the layer's name in the checkpoint.
     */
    default Map<String, Linear> linears() {
        return Map.of();
    }

    @Override
    void close();
}

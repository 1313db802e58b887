package glance.pipeline;

import glance.lora.LoraSpec;
import glance.schedule.PlanSpec;
import java.util.List;

/**
 * What to generate.
 *
 * @param prompts one or more, none empty
 * @param negative what guidance leads away from
 * @param seed of the first picture of each prompt; the others count up from it
 * @param batch pictures per prompt, made side by side
 * @param width in pixels, a multiple of the model's unit
 * @param height in pixels, a multiple of the model's unit
 * @param previewEvery decode the latents after each this many steps; 0 for never
 * @param maxPromptTokens tokens of a prompt that are read; 0 for the model's own number
 */
public record ImageRequest(
        List<String> prompts,
        String negative,
        long seed,
        int batch,
        int width,
        int height,
        Guidance guidance,
        PlanSpec plan,
        List<LoraSpec> loras,
        int previewEvery,
        int maxPromptTokens) {
    /** A request that reads as many tokens as the model does by itself. */
    public ImageRequest(
            List<String> prompts,
            String negative,
            long seed,
            int batch,
            int width,
            int height,
            Guidance guidance,
            PlanSpec plan,
            List<LoraSpec> loras,
            int previewEvery) {
        this(prompts, negative, seed, batch, width, height, guidance, plan, loras, previewEvery, 0);
    }
}

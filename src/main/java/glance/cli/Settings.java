package glance.cli;

import glance.lora.LoraSpec;
import glance.schedule.PlanSpec;
import java.util.List;

/**
 * Everything that decides how pictures look.
 *
 * @param model the model, as the user named it
 * @param prompts what to draw
 * @param negative what guidance leads away from
 * @param seed of the first picture of each prompt
 * @param batch pictures for each prompt
 * @param size of each picture
 * @param guidance scale; 1 for none
 * @param embeddedGuidance scale for models that take it as an input; others ignore it
 * @param maxPromptTokens tokens of a prompt that are read; 0 where a model has no such number
 * @param plan the steps
 * @param adapters what is added to the model, and when
 */
record Settings(
        String model,
        List<String> prompts,
        String negative,
        long seed,
        int batch,
        PictureSize size,
        float guidance,
        float embeddedGuidance,
        int maxPromptTokens,
        PlanSpec plan,
        List<LoraSpec> adapters) {}

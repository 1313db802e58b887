package glance.picture;

import glance.api.ModelParts;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.model.Family;
import glance.pipeline.Families;
import glance.pipeline.Settings;
import glance.schedule.PhasePlan;

/**
 * What the pictures of a run were made with.
 *
 * @param model the model, as the user named it
 * @param parts files that took the place of its parts
 * @param settings everything else that decides how they look
 * @param plan the steps at their size
 */
public record Origin(String model, ModelParts parts, Settings settings, PhasePlan plan) {
    /**
     * Of a run of a model.
     *
     * @throws IllegalArgumentException if the plan has no steps for the size
     */
    public static Origin of(String model, Settings settings, ModelFolder folder) {
        Family family = Families.of(folder);
        int tokens = family.geometry(folder).grid(settings.width(), settings.height()).tokens();
        return new Origin(
                model,
                folder.parts(),
                settings,
                PhasePlan.of(settings.plan(), family.schedule(folder), tokens));
    }

    /** Whether the settings of all pictures are short enough for a JPEG. */
    public boolean fitsJpeg() {
        return settings.prompts().stream()
                .allMatch(
                        prompt ->
                                Images.fitsJpeg(
                                        PictureText.comment(this, prompt, settings.seed())));
    }
}

package glance.pipeline;

import java.util.List;

/**
 * What drawings must have in common to be drawn in the same forward passes, as far as their
 * settings say it. How many samples there are, under which prompts, from which noise and with which
 * adapters, is no part of it.
 *
 * @param prompts how many are drawn one after the other
 * @param references all samples look at the same ones
 * @param starts whether it starts from a picture
 * @param keeps whether a part of that picture is kept
 */
record PassShape(
        int prompts,
        int width,
        int height,
        Guidance guidance,
        int maxPromptTokens,
        int firstStep,
        List<String> references,
        boolean starts,
        boolean keeps) {
    static PassShape of(Settings settings) {
        return new PassShape(
                settings.prompts().size(),
                settings.width(),
                settings.height(),
                settings.guidance(),
                settings.maxPromptTokens(),
                settings.firstStep(),
                settings.references().stream().map(ReferencePicture::hash).toList(),
                settings.start().isPresent(),
                settings.start().map(StartPicture::keeps).orElse(false));
    }
}

package glance.cli;

import glance.io.FormatException;
import glance.io.Images;
import glance.schedule.PhasePlan;
import glance.schedule.PlanJson;
import glance.schedule.PlanSpec;
import glance.schedule.Seeds;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The settings of a picture, as they travel in the text chunks of its PNG. */
final class PictureText {
    private static final String PROMPT = "prompt";
    private static final String NEGATIVE = "negative_prompt";
    private static final String SEED = "seed";
    private static final String SIZE = "size";
    private static final String GUIDANCE = "guidance";
    private static final String EMBEDDED_GUIDANCE = "embedded_guidance";
    private static final String MAX_PROMPT_TOKENS = "max_prompt_tokens";
    private static final String PLAN = "plan";
    private static final String SIGMAS = "sigmas";
    private static final String MODEL = "model";
    private static final String ADAPTERS = "adapters";
    private static final String SOFTWARE = "Software";

    private PictureText() {}

    /** The text of one picture. */
    static Map<String, String> of(Settings settings, PhasePlan plan, String prompt, long seed) {
        Map<String, String> text = new LinkedHashMap<>();
        text.put(PROMPT, prompt);
        text.put(NEGATIVE, settings.negative());
        text.put(SEED, Seeds.text(seed));
        text.put(SIZE, settings.size().toString());
        text.put(GUIDANCE, Float.toString(settings.guidance()));
        text.put(EMBEDDED_GUIDANCE, Float.toString(settings.embeddedGuidance()));
        if (settings.maxPromptTokens() > 0) {
            text.put(MAX_PROMPT_TOKENS, Integer.toString(settings.maxPromptTokens()));
        }
        text.put(PLAN, PlanJson.write(settings.plan()));
        text.put(SIGMAS, sigmas(plan));
        text.put(MODEL, settings.model());
        text.put(
                ADAPTERS,
                settings.adapters().stream()
                        .map(AdapterNames::text)
                        .collect(Collectors.joining("\n")));
        text.put(SOFTWARE, "glance-engine " + TopCommand.Version.number());
        return text;
    }

    private static String sigmas(PhasePlan plan) {
        StringBuilder text = new StringBuilder();
        for (float sigma : plan.sigmas()) {
            text.append(text.isEmpty() ? "" : " ").append(sigma);
        }
        return text.toString();
    }

    /**
     * What a picture of this engine was made with.
     *
     * @param prompt its prompt
     * @param negative its negative prompt
     * @param seed its seed
     * @param size its size
     * @param guidance its guidance scale
     * @param embeddedGuidance its embedded guidance scale
     * @param maxPromptTokens tokens of its prompt that were read; 0 if it does not say
     * @param plan its plan
     * @param model its model, as the user named it
     * @param adapters its adapters, as the user named them
     */
    record Recipe(
            String prompt,
            String negative,
            long seed,
            PictureSize size,
            float guidance,
            float embeddedGuidance,
            int maxPromptTokens,
            PlanSpec plan,
            String model,
            List<String> adapters) {}

    /**
     * Reads the settings of a picture.
     *
     * @throws FormatException if it is no PNG, or was not made by this engine
     */
    static Recipe read(Path picture) {
        Map<String, String> text = Images.readPngText(picture);
        for (String key : List.of(PROMPT, NEGATIVE, SEED, SIZE, GUIDANCE, PLAN, MODEL, ADAPTERS)) {
            if (!text.containsKey(key)) {
                throw new FormatException(
                        picture,
                        key,
                        "is not among the texts of this picture",
                        "give a PNG that this engine made and no other program saved again");
            }
        }
        String key = SEED;
        try {
            long seed = Seeds.parse(text.get(SEED));
            key = SIZE;
            PictureSize size = PictureSize.parse(text.get(SIZE));
            key = GUIDANCE;
            float guidance = Float.parseFloat(text.get(GUIDANCE));
            key = EMBEDDED_GUIDANCE;
            // the first release did not write it and ran no model that takes it
            float embedded = Float.parseFloat(text.getOrDefault(EMBEDDED_GUIDANCE, "0"));
            key = MAX_PROMPT_TOKENS;
            int tokens = Integer.parseInt(text.getOrDefault(MAX_PROMPT_TOKENS, "0"));
            if (tokens < 0) {
                throw new IllegalArgumentException("must not be negative, got " + tokens);
            }
            key = PLAN;
            PlanSpec plan = PlanJson.parse(text.get(PLAN));
            return new Recipe(
                    text.get(PROMPT),
                    text.get(NEGATIVE),
                    seed,
                    size,
                    guidance,
                    embedded,
                    tokens,
                    plan,
                    text.get(MODEL),
                    text.get(ADAPTERS).lines().toList());
        } catch (IllegalArgumentException | FormatException e) {
            throw new FormatException(
                    picture, key, e.getMessage(), "the texts of the picture are damaged", e);
        }
    }
}

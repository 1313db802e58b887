package glance.picture;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.AdapterSide;
import glance.api.FormatException;
import glance.api.ModelParts;
import glance.api.Plan;
import glance.api.Request;
import glance.api.Request.Size;
import glance.io.Images;
import glance.model.GuidanceForm;
import glance.pipeline.Guidance;
import glance.pipeline.Settings;
import glance.schedule.PhasePlan;
import glance.schedule.PlanJson;
import glance.schedule.Seeds;
import glance.text.EngineVersion;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The settings of a picture, as they travel in the text of its file. */
public final class PictureText {
    private static final String PROMPT = "prompt";
    private static final String NEGATIVE = "negative_prompt";
    private static final String SEED = "seed";
    private static final String SIZE = "size";
    private static final String GUIDANCE = "guidance";
    private static final String GUIDANCE_OFF = "guidance_off";
    private static final String GUIDANCE_LIMIT = "guidance_limit";
    private static final String ADAPTERS_ON = "adapters_on";
    private static final String POSITIVE = "positive";
    private static final String EMBEDDED_GUIDANCE = "embedded_guidance";
    private static final String MAX_PROMPT_TOKENS = "max_prompt_tokens";
    private static final String PLAN = "plan";
    private static final String SIGMAS = "sigmas";
    private static final String MODEL = "model";
    private static final String PARTS = "parts";
    private static final String ADAPTERS = "adapters";
    private static final String REFERENCES = "references";
    private static final String SOFTWARE = "Software";

    private static final List<String> REQUIRED =
            List.of(PROMPT, NEGATIVE, SEED, SIZE, GUIDANCE, PLAN, MODEL, ADAPTERS);

    /** The same settings for other programs, and those of other programs. */
    private static final String PARAMETERS = "parameters";

    /** Among {@link #PARAMETERS}: all texts as JSON, for files that hold one text only. */
    private static final String ALL = "glance";

    private static final Set<String> KEYWORDS =
            Stream.concat(
                            REQUIRED.stream(),
                            Stream.of(
                                    GUIDANCE_OFF,
                                    GUIDANCE_LIMIT,
                                    EMBEDDED_GUIDANCE,
                                    ADAPTERS_ON,
                                    MAX_PROMPT_TOKENS,
                                    PARTS,
                                    REFERENCES,
                                    PARAMETERS,
                                    Images.COMMENT,
                                    RecordedStart.INIT,
                                    RecordedStart.MASK,
                                    RecordedStart.STRENGTH,
                                    RecordedStart.EXTEND,
                                    RecordedStart.PASTE))
                    .collect(Collectors.toUnmodifiableSet());

    /** Most models count guidance from 1, and all other programs do. */
    static final float OFF_ELSEWHERE = 1;

    private static final int MAX_ADAPTERS = 64;
    private static final int MAX_NAME_CHARS = 4096;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private PictureText() {}

    /** The texts of one PNG: our own, and those that other programs read. */
    public static Map<String, String> of(Origin origin, String prompt, long seed) {
        Map<String, String> text = own(origin, prompt, seed);
        text.put(PARAMETERS, parameters(origin, prompt, seed, Map.of()));
        return text;
    }

    /** The same in one text, for the comment of a JPEG. */
    public static String comment(Origin origin, String prompt, long seed) {
        try {
            String all = MAPPER.writeValueAsString(own(origin, prompt, seed));
            return parameters(origin, prompt, seed, Map.of(ALL, all));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("texts are always JSON", e);
        }
    }

    private static String parameters(
            Origin origin, String prompt, long seed, Map<String, String> more) {
        Settings settings = origin.settings();
        Guidance guidance = settings.guidance();
        Map<String, String> values = new LinkedHashMap<>();
        values.put("Steps", Integer.toString(origin.plan().steps().size()));
        settings.start()
                .ifPresent(
                        start ->
                                values.put("Denoising strength", Float.toString(start.strength())));
        values.put("Sampler", "Euler");
        values.put("CFG scale", Float.toString(guidance.scale()));
        if (guidance.embedded() > 0) {
            values.put("Distilled CFG Scale", Float.toString(guidance.embedded()));
        }
        values.put("Seed", Seeds.text(seed));
        values.put("Size", settings.size());
        values.put("Model", origin.model());
        values.put("Version", EngineVersion.software());
        values.putAll(more);
        return new ParametersText(prompt, settings.negative(), values).text();
    }

    private static Map<String, String> own(Origin origin, String prompt, long seed) {
        Settings settings = origin.settings();
        Map<String, String> text = new LinkedHashMap<>();
        text.put(PROMPT, prompt);
        text.put(NEGATIVE, settings.negative());
        text.put(SEED, Seeds.text(seed));
        text.put(SIZE, settings.size());
        text.put(GUIDANCE, Float.toString(settings.guidance().number()));
        float off = settings.guidance().form().off();
        if (off != OFF_ELSEWHERE) {
            text.put(GUIDANCE_OFF, Float.toString(off));
        }
        if (settings.guidance().limit() > 0) {
            text.put(GUIDANCE_LIMIT, Float.toString(settings.guidance().limit()));
        }
        text.put(EMBEDDED_GUIDANCE, Float.toString(settings.guidance().embedded()));
        if (settings.guidance().adaptersOn() == AdapterSide.POSITIVE) {
            text.put(ADAPTERS_ON, POSITIVE);
        }
        if (settings.maxPromptTokens() > 0) {
            text.put(MAX_PROMPT_TOKENS, Integer.toString(settings.maxPromptTokens()));
        }
        text.put(PLAN, PlanJson.write(settings.plan()));
        text.put(SIGMAS, sigmas(origin.plan()));
        text.put(MODEL, origin.model());
        if (!origin.parts().files().isEmpty()) {
            text.put(PARTS, parts(origin.parts()));
        }
        text.put(
                ADAPTERS,
                settings.loras().stream()
                        .map(AdapterNames::text)
                        .collect(Collectors.joining("\n")));
        if (!settings.references().isEmpty()) {
            text.put(REFERENCES, RecordedReference.text(settings.references()));
        }
        settings.start().ifPresent(start -> text.putAll(RecordedStart.text(start)));
        text.put(SOFTWARE, EngineVersion.software());
        return text;
    }

    /** A line for each: {@code transformer=x.gguf}. */
    private static String parts(ModelParts parts) {
        return parts.files().entrySet().stream()
                .map(part -> part.getKey() + "=" + part.getValue())
                .collect(Collectors.joining("\n"));
    }

    private static ModelParts parts(String text) {
        ModelParts parts = ModelParts.NONE;
        for (String line : text.lines().limit(MAX_ADAPTERS).toList()) {
            int at = line.indexOf('=');
            if (at < 1 || line.length() > MAX_NAME_CHARS) {
                throw new IllegalArgumentException("must have a name and a file in each line");
            }
            parts = parts.with(line.substring(0, at), Path.of(line.substring(at + 1)));
        }
        return parts;
    }

    private static String sigmas(PhasePlan plan) {
        StringBuilder text = new StringBuilder();
        for (float sigma : plan.sigmas()) {
            text.append(text.isEmpty() ? "" : " ").append(sigma);
        }
        return text.toString();
    }

    /**
     * What a picture was made with. Of a picture of another program, what it does not say is left
     * open.
     *
     * @param request its settings, without adapters and references, with guidance as it was
     *     counted; see {@link #requestFor}
     * @param guidanceOff the guidance that is none
     * @param model its model, as the user named it; null if another program made the picture
     * @param parts files that took the place of its parts
     * @param adapters its adapters, as the user named them; still text, so that no file is looked
     *     at before the user was told
     * @param references the pictures that its model looked at
     * @param start what it started from, if not from noise alone
     * @param left what else another program says, which has no meaning here
     */
    public record Recipe(
            Request request,
            float guidanceOff,
            String model,
            ModelParts parts,
            List<String> adapters,
            List<RecordedReference> references,
            Optional<RecordedStart> start,
            List<String> left) {
        /** Whether this engine made the picture. */
        public boolean isOwn() {
            return model != null;
        }

        /**
         * Its settings, with guidance as a model's card counts it.
         *
         * @param off the model's number for none
         */
        public Request requestFor(float off) {
            if (off == guidanceOff || request.guidance().isEmpty()) {
                return request;
            }
            float scale = GuidanceForm.offAt(guidanceOff).scale(request.guidance().get());
            return request.guidance(GuidanceForm.offAt(off).number(scale));
        }
    }

    /**
     * Reads the settings of a picture: our own if it has them, else those of another program.
     *
     * @throws FormatException if it is no picture, has no settings, or they are damaged
     */
    public static Recipe read(Path picture) {
        Map<String, String> text = Images.readText(picture, KEYWORDS::contains);
        if (text.containsKey(PLAN)) {
            return own(picture, text);
        }
        String parameters = text.getOrDefault(PARAMETERS, text.get(Images.COMMENT));
        if (parameters == null) {
            throw new FormatException(
                    picture,
                    null,
                    "has no settings in it",
                    "give a picture that this engine made, or one with the text '"
                            + PARAMETERS
                            + "', as other programs write it, and that no program saved again");
        }
        ParametersText parsed = ParametersText.parse(parameters);
        String all = parsed.values().get(ALL);
        if (all == null) {
            return ForeignSettings.of(picture, parsed);
        }
        try {
            return own(picture, MAPPER.readValue(all, new TypeReference<>() {}));
        } catch (JsonProcessingException e) {
            throw damaged(picture, ALL, e);
        }
    }

    private static Recipe own(Path picture, Map<String, String> text) {
        for (String key : REQUIRED) {
            if (text.get(key) == null) {
                throw new FormatException(
                        picture,
                        key,
                        "is not among the texts of this picture",
                        "give one that this engine made and no other program saved again");
            }
        }
        String key = SEED;
        try {
            long seed = Seeds.parse(text.get(SEED));
            key = SIZE;
            Size size = Size.parse(text.get(SIZE));
            key = GUIDANCE;
            float off = off(text.get(GUIDANCE_OFF));
            float guidance = atLeast(off, text.get(GUIDANCE));
            key = GUIDANCE_LIMIT;
            float limit = atLeast(0, text.getOrDefault(GUIDANCE_LIMIT, "0"));
            key = EMBEDDED_GUIDANCE;
            // the first release did not write it and ran no model that takes it
            float embedded = atLeast(0, text.getOrDefault(EMBEDDED_GUIDANCE, "0"));
            key = ADAPTERS_ON;
            AdapterSide side = side(text.get(ADAPTERS_ON));
            key = MAX_PROMPT_TOKENS;
            int tokens = Integer.parseInt(text.getOrDefault(MAX_PROMPT_TOKENS, "0"));
            if (tokens < 0) {
                throw new IllegalArgumentException("must not be negative, got " + tokens);
            }
            key = PLAN;
            Plan plan = PlanJson.parse(text.get(PLAN));
            key = PARTS;
            ModelParts parts = parts(text.getOrDefault(PARTS, ""));
            key = REFERENCES;
            List<RecordedReference> references =
                    RecordedReference.parse(text.getOrDefault(REFERENCES, ""));
            key = RecordedStart.INIT;
            Optional<RecordedStart> start = RecordedStart.parse(text);
            key = ADAPTERS;
            List<String> adapters = text.get(ADAPTERS).lines().limit(MAX_ADAPTERS + 1).toList();
            if (adapters.size() > MAX_ADAPTERS) {
                throw new IllegalArgumentException("more than " + MAX_ADAPTERS + " are named");
            }
            if (adapters.stream().anyMatch(name -> name.length() > MAX_NAME_CHARS)) {
                throw new IllegalArgumentException(
                        "a name has more than " + MAX_NAME_CHARS + " characters");
            }
            Request request =
                    Request.of(text.get(PROMPT))
                            .negative(text.get(NEGATIVE))
                            .seed(seed)
                            .size(size)
                            .guidance(guidance)
                            .guidanceLimit(limit)
                            .embeddedGuidance(embedded)
                            .adaptersOn(side)
                            .plan(plan);
            return new Recipe(
                    tokens == 0 ? request : request.maxPromptTokens(tokens),
                    off,
                    text.get(MODEL),
                    parts,
                    adapters,
                    references,
                    start,
                    List.of());
        } catch (IllegalArgumentException | FormatException e) {
            throw damaged(picture, key, e);
        }
    }

    private static AdapterSide side(String text) {
        if (text == null) {
            return AdapterSide.BOTH;
        }
        if (!text.equals(POSITIVE)) {
            throw new IllegalArgumentException("must be " + POSITIVE + ", got '" + text + "'");
        }
        return AdapterSide.POSITIVE;
    }

    private static float off(String text) {
        if (text == null || atLeast(0, text) != 0) {
            return OFF_ELSEWHERE;
        }
        return 0;
    }

    /**
     * A scale of guidance.
     *
     * @throws IllegalArgumentException if it is no finite number from {@code least} on
     */
    static float atLeast(float least, String text) {
        try {
            float value = Float.parseFloat(text);
            if (value >= least && Float.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw new IllegalArgumentException(
                "must be a finite number, at least "
                        + Math.round(least)
                        + ", got '"
                        + PrintableText.quoted(text)
                        + "'");
    }

    private static FormatException damaged(Path picture, String key, Exception cause) {
        return new FormatException(
                picture,
                key,
                PrintableText.quoted(String.valueOf(cause.getMessage())),
                "the texts of the picture are damaged",
                cause);
    }
}

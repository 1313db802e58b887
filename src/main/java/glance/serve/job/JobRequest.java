package glance.serve.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import glance.api.FormatException;
import glance.api.Init;
import glance.api.Lora;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Strength;
import glance.schedule.PlanJson;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What a client asks to be drawn, as {@code /v1/jobs} takes it and as it is kept. What is null is
 * the model's own; the seed is random.
 *
 * @param prompt what to draw
 * @param negativePrompt what guidance leads away from
 * @param seed start noise of the first picture, 0 to 2^64 - 1; answers have it as text, since
 *     numbers of JavaScript end at 2^53
 * @param n pictures, with seeds counting up
 * @param size {@code WIDTHxHEIGHT}
 * @param guidance strength of classifier-free guidance, as the model card counts it
 * @param embeddedGuidance scale for models that take it as an input
 * @param plan the name of a plan, or a plan as in its file
 * @param lora adapters; of an empty list none, not even the model's own
 * @param references pictures to look at, for models that edit. A picture is its file in base 64,
 *     alone or as a {@code data:} URL, or the name of one that the server has; a job that was taken
 *     has names
 * @param init a picture to start from
 * @param strength the share of the steps that is run from there
 * @param mask a picture that is white where {@code init} is painted anew
 * @param extend {@code LEFT,TOP,RIGHT,BOTTOM}: pixels by which the canvas is larger than {@code
 *     init}
 * @param paste whether pixels that a mask keeps are those of {@code init}
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record JobRequest(
        String prompt,
        String negativePrompt,
        @JsonSerialize(using = ToStringSerializer.class) BigInteger seed,
        Integer n,
        String size,
        Float guidance,
        Float embeddedGuidance,
        JsonNode plan,
        List<Adapter> lora,
        List<String> references,
        String init,
        Float strength,
        String mask,
        String extend,
        Boolean paste) {
    /** More pictures than this are several requests. */
    public static final int MAX_PICTURES = 10;

    /** No model looks at more pictures than this. */
    public static final int MAX_REFERENCES = 16;

    private static final String REFERENCE = "reference";
    private static final String INIT = "init";
    private static final String MASK = "mask";
    private static final Pattern MARGINS =
            Pattern.compile("(\\d{1,5}),(\\d{1,5}),(\\d{1,5}),(\\d{1,5})");
    private static final int MAX_PROMPT_CHARS = 32_000;
    private static final int MAX_ADAPTERS = 16;
    private static final BigInteger SEEDS = BigInteger.ONE.shiftLeft(Long.SIZE);

    /**
     * An adapter.
     *
     * @param file its name in the server's folder of adapters
     * @param scale its strength: a number, a ramp or a list, as {@link Strength} reads it
     * @param steps those that it is for: see {@link glance.api.Steps}
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Adapter(String file, String scale, String steps) {}

    /** Of a text alone. */
    public JobRequest(
            String prompt,
            String negativePrompt,
            BigInteger seed,
            Integer n,
            String size,
            Float guidance,
            Float embeddedGuidance,
            JsonNode plan,
            List<Adapter> lora) {
        this(
                prompt,
                negativePrompt,
                seed,
                n,
                size,
                guidance,
                embeddedGuidance,
                plan,
                lora,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    /** Pictures that are asked for. */
    public int count() {
        return n == null ? 1 : n;
    }

    private JobRequest with(
            BigInteger otherSeed,
            List<String> looked,
            String start,
            Float share,
            String white,
            String margins,
            Boolean original) {
        return new JobRequest(
                prompt,
                negativePrompt,
                otherSeed,
                n,
                size,
                guidance,
                embeddedGuidance,
                plan,
                lora,
                looked,
                start,
                share,
                white,
                margins,
                original);
    }

    /** The same from another noise. */
    JobRequest withSeed(BigInteger other) {
        return with(other, references, init, strength, mask, extend, paste);
    }

    /** The same that looks at pictures. */
    public JobRequest looking(List<String> pictures) {
        return with(seed, pictures, init, strength, mask, extend, paste);
    }

    /** The same that starts from a picture. */
    public JobRequest starting(
            String picture, Float share, String white, String margins, Boolean original) {
        return with(seed, references, picture, share, white, margins, original);
    }

    /**
     * The same with other texts for its pictures.
     *
     * @param change of a picture's key and text
     * @throws RequestException if there are too many
     */
    JobRequest withPictures(BinaryOperator<String> change) {
        if (references != null && references.size() > MAX_REFERENCES) {
            throw new RequestException("references: has more than " + MAX_REFERENCES + " pictures");
        }
        if (references != null && references.stream().anyMatch(Objects::isNull)) {
            throw new RequestException("references: each must be a picture");
        }
        Map<String, String> changed = new HashMap<>();
        pictures().forEach((key, text) -> changed.put(key, change.apply(key, text)));
        List<String> seen =
                references == null
                        ? null
                        : IntStream.range(0, references.size())
                                .mapToObj(i -> changed.get(reference(i)))
                                .toList();
        return looking(seen)
                .starting(changed.get(INIT), strength, changed.get(MASK), extend, paste);
    }

    /** Its pictures by the words for them, in their order. */
    Map<String, String> pictures() {
        Map<String, String> pictures = new LinkedHashMap<>();
        for (int i = 0; references != null && i < references.size(); i++) {
            pictures.put(reference(i), references.get(i));
        }
        if (init != null) {
            pictures.put(INIT, init);
        }
        if (mask != null) {
            pictures.put(MASK, mask);
        }
        return pictures;
    }

    /** The names of its pictures; of one that was not taken its texts. */
    Collection<String> names() {
        return pictures().values();
    }

    private static String reference(int index) {
        return REFERENCE + " " + (index + 1);
    }

    /**
     * The same for the library.
     *
     * @param adapters where they are
     * @param inputs where its pictures are
     * @throws RequestException if a value makes no sense
     */
    public Request forModel(AdapterFolder adapters, InputFolder inputs) {
        if (prompt == null || prompt.isBlank()) {
            throw new RequestException("prompt: is empty; say what to draw");
        }
        requireShort("prompt", prompt);
        requireShort("negative_prompt", negativePrompt);
        if (count() < 1 || count() > MAX_PICTURES) {
            throw new RequestException("n: must be 1 to " + MAX_PICTURES + ", got " + n);
        }
        Request request = Request.of(prompt).batch(count());
        request = negativePrompt == null ? request : request.negative(negativePrompt);
        request = seed == null ? request : request.seed(number(seed));
        request = size == null ? request : request.size(Request.Size.parse(size));
        request = guidance == null ? request : request.guidance(guidance);
        request = embeddedGuidance == null ? request : request.embeddedGuidance(embeddedGuidance);
        request = plan == null || plan.isNull() ? request : planned(request);
        request = lora == null ? request : request.loras(loras(adapters));
        if (references != null) {
            request =
                    request.references(
                            references.stream().map(name -> inputs.find(REFERENCE, name)).toList());
        }
        if (init == null && (strength != null || mask != null || extend != null || paste != null)) {
            throw new RequestException(
                    "init: is missing; strength, mask, extend and paste say what becomes of it");
        }
        return init == null ? request : request.init(start(inputs));
    }

    private Init start(InputFolder inputs) {
        Init start = Init.of(inputs.find(INIT, init));
        start = strength == null ? start : start.strength(strength);
        start = mask == null ? start : start.mask(inputs.find(MASK, mask));
        start = paste == null ? start : start.paste(paste);
        if (extend == null) {
            return start;
        }
        Matcher margins = MARGINS.matcher(extend);
        if (!margins.matches()) {
            throw new RequestException(
                    "extend: must be LEFT,TOP,RIGHT,BOTTOM in pixels, such as 256,0,256,0");
        }
        int[] pixels =
                IntStream.rangeClosed(1, 4).map(i -> Integer.parseInt(margins.group(i))).toArray();
        return start.extend(pixels[0], pixels[1], pixels[2], pixels[3]);
    }

    private static void requireShort(String name, String text) {
        if (text != null && text.length() > MAX_PROMPT_CHARS) {
            throw new RequestException(
                    name + ": has more than " + MAX_PROMPT_CHARS + " characters");
        }
    }

    private static long number(BigInteger seed) {
        if (seed.signum() < 0 || seed.compareTo(SEEDS) >= 0) {
            throw new RequestException("seed: must be 0 to 2^64 - 1, got " + seed);
        }
        return seed.longValue();
    }

    private Request planned(Request request) {
        if (plan.isTextual() || plan.isInt()) {
            return request.plan(plan.asText());
        }
        if (plan.has("adapters")) {
            throw new RequestException("plan: name its adapters in lora, with their steps");
        }
        try {
            return request.plan(PlanJson.parse(plan.toString()));
        } catch (RequestException e) {
            throw e;
        } catch (FormatException | IllegalArgumentException e) {
            throw new RequestException("plan: " + e.getMessage(), e);
        }
    }

    private List<Lora> loras(AdapterFolder adapters) {
        if (lora.size() > MAX_ADAPTERS) {
            throw new RequestException("lora: has more than " + MAX_ADAPTERS + " adapters");
        }
        List<Lora> all = new ArrayList<>();
        for (Adapter adapter : lora) {
            if (adapter == null || adapter.file() == null) {
                throw new RequestException("lora: each needs a file");
            }
            Lora one = Lora.of(adapters.find(adapter.file()));
            one = adapter.scale() == null ? one : one.strength(Strength.parse(adapter.scale()));
            all.add(adapter.steps() == null ? one : one.on(adapter.steps()));
        }
        return all;
    }
}

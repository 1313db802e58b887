package glance.serve.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Strength;
import glance.schedule.PlanJson;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

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
        List<Adapter> lora) {
    /** More pictures than this are several requests. */
    public static final int MAX_PICTURES = 10;

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

    /** Pictures that are asked for. */
    public int count() {
        return n == null ? 1 : n;
    }

    /** The same from another noise. */
    JobRequest withSeed(BigInteger other) {
        return new JobRequest(
                prompt, negativePrompt, other, n, size, guidance, embeddedGuidance, plan, lora);
    }

    /**
     * The same for the library.
     *
     * @param adapters where they are
     * @throws RequestException if a value makes no sense
     */
    public Request forModel(AdapterFolder adapters) {
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
        return lora == null ? request : request.loras(loras(adapters));
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

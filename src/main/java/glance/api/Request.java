package glance.api;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What to draw, and how. What is not said is the model's own: the plan, guidance, size, negative
 * prompt and adapters that fit it best; the seed is random.
 *
 * <pre>{@code
 * Request.of("a red fox in snow").size(1024, 768).seed(42).batch(4)
 *         .plan("glance").lora(Lora.of(slow).on("slow")).lora(Lora.of(fast).on("fast"));
 * }</pre>
 *
 * Each method returns a changed copy. Values are checked against a model when they meet one.
 */
public final class Request {
    private List<String> prompts;
    private String negative;
    private Long seed;
    private int batch = 1;
    private Size size;
    private Float guidance;
    private Float guidanceLimit;
    private Float embeddedGuidance;
    private AdapterSide adaptersOn;
    private Integer maxPromptTokens;
    private Plan plan;
    private List<Lora> loras;
    private List<Path> references = List.of();
    private Init init;

    /**
     * Size of a picture in pixels.
     *
     * @param width a multiple of the model's unit, mostly 16
     * @param height likewise
     */
    public record Size(int width, int height) {
        /** Far beyond what the models draw; below it no count of tokens or pixels overflows. */
        public static final int MAX_SIDE = 8192;

        private static final Pattern FORM = Pattern.compile("(\\d{1,6})[xX](\\d{1,6})");

        /**
         * @throws RequestException if a side is not 1 to 8192
         */
        public Size {
            if (Math.min(width, height) < 1) {
                throw new RequestException(
                        "size '" + width + "x" + height + "': sides must be 1 or more");
            }
            if (Math.max(width, height) > MAX_SIDE) {
                throw new RequestException(
                        "size '"
                                + width
                                + "x"
                                + height
                                + "': sides must be at most "
                                + MAX_SIDE
                                + " pixels");
            }
        }

        /**
         * Reads {@code WIDTHxHEIGHT}.
         *
         * @throws RequestException if the text has another form, or is too large
         */
        public static Size parse(String text) {
            Matcher matcher = FORM.matcher(text.strip());
            if (!matcher.matches()) {
                throw new RequestException(
                        "size '" + text + "': expected WIDTHxHEIGHT in pixels, such as 1024x768");
            }
            return new Size(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        }

        /** As people write it: {@code 1024x768}. */
        @Override
        public String toString() {
            return width + "x" + height;
        }
    }

    private Request(List<String> prompts) {
        this.prompts = List.copyOf(prompts);
    }

    private Request with(Consumer<Request> change) {
        Request copy = new Request(prompts);
        copy.negative = negative;
        copy.seed = seed;
        copy.batch = batch;
        copy.size = size;
        copy.guidance = guidance;
        copy.guidanceLimit = guidanceLimit;
        copy.embeddedGuidance = embeddedGuidance;
        copy.adaptersOn = adaptersOn;
        copy.maxPromptTokens = maxPromptTokens;
        copy.plan = plan;
        copy.loras = loras;
        copy.references = references;
        copy.init = init;
        change.accept(copy);
        return copy;
    }

    /** One or more prompts, which are drawn one after the other. */
    public static Request of(String... prompts) {
        return new Request(Arrays.asList(prompts));
    }

    /** One or more prompts, which are drawn one after the other. */
    public static Request of(List<String> prompts) {
        return new Request(prompts);
    }

    /** Other prompts. */
    public Request prompts(List<String> others) {
        return with(r -> r.prompts = List.copyOf(others));
    }

    /** What guidance leads away from. */
    public Request negative(String text) {
        return with(r -> r.negative = Objects.requireNonNull(text, "negative"));
    }

    /**
     * Start noise of the first picture of each prompt, equal to that of diffusers on the CPU; the
     * others of a batch count up from it. All 64 bits count, as an unsigned number.
     */
    public Request seed(long value) {
        return with(r -> r.seed = value);
    }

    /** Pictures of each prompt, made side by side. */
    public Request batch(int pictures) {
        return with(r -> r.batch = pictures);
    }

    /** Size of the pictures in pixels. */
    public Request size(int width, int height) {
        return size(new Size(width, height));
    }

    /** Size of the pictures in pixels. */
    public Request size(Size pixels) {
        return with(r -> r.size = Objects.requireNonNull(pixels, "size"));
    }

    /**
     * Strength of classifier-free guidance: the model card's number, whatever its formula. With v
     * the velocity under the prompt and n that under the negative prompt, it is g in {@code n + g
     * (v - n)} for Qwen-Image, FLUX, SD3 and DiT, where 1 turns it off, and in {@code v + g (v -
     * n)} for Z-Image and Krea 2, where 0 does. {@code info} tells which.
     */
    public Request guidance(float number) {
        return with(r -> r.guidance = number);
    }

    /**
     * How long the guided velocity of a picture may be, as a multiple of the length that it has
     * without guidance; 0 for any, which is the default. Z-Image's {@code cfg_normalization} is 1.
     */
    public Request guidanceLimit(float limit) {
        return with(r -> r.guidanceLimit = limit);
    }

    /** Scale for models that take it as an input, as FLUX.1-dev does; others ignore it. */
    public Request embeddedGuidance(float scale) {
        return with(r -> r.embeddedGuidance = scale);
    }

    /**
     * Whether the adapters act under the prompt alone where there is guidance, or also under the
     * negative prompt, which is the default. Alone they must be plain LoRAs.
     */
    public Request adaptersOn(AdapterSide side) {
        return with(r -> r.adaptersOn = Objects.requireNonNull(side, "side"));
    }

    /** Tokens of a prompt that are read, for models that leave the choice. */
    public Request maxPromptTokens(int tokens) {
        return with(r -> r.maxPromptTokens = tokens);
    }

    /** The steps. */
    public Request plan(Plan steps) {
        return with(r -> r.plan = Objects.requireNonNull(steps, "plan"));
    }

    /**
     * The steps by the name of a plan, such as {@code glance} or {@code uniform-8}.
     *
     * @throws RequestException if no plan has this name
     */
    public Request plan(String name) {
        return plan(Plans.of(name));
    }

    /** One adapter more. Those that the model has of its own are not used beside it. */
    public Request lora(Lora lora) {
        List<Lora> all = loras == null ? new ArrayList<>() : new ArrayList<>(loras);
        all.add(lora);
        return loras(all);
    }

    /** These adapters and no others; of an empty list none, not even the model's own. */
    public Request loras(List<Lora> others) {
        return with(r -> r.loras = List.copyOf(others));
    }

    /**
     * One picture more to look at, for models that edit: the prompt says what becomes of it.
     * Without {@link #size} what is drawn has the proportions of the first, or with Qwen-Image-Edit
     * of the last.
     *
     * @param picture a PNG, JPEG or WebP file
     */
    public Request reference(Path picture) {
        List<Path> all = new ArrayList<>(references);
        all.add(picture);
        return references(all);
    }

    /** These pictures to look at, and no others. */
    public Request references(List<Path> pictures) {
        return with(r -> r.references = List.copyOf(pictures));
    }

    /** A picture to start from, and what of it is painted anew. */
    public Request init(Init start) {
        return with(r -> r.init = Objects.requireNonNull(start, "init"));
    }

    /** What to draw. */
    public List<String> prompts() {
        return prompts;
    }

    /** What guidance leads away from, if it was said. */
    public Optional<String> negative() {
        return Optional.ofNullable(negative);
    }

    /** Start noise of the first picture, if it was said. */
    public Optional<Long> seed() {
        return Optional.ofNullable(seed);
    }

    /** Pictures of each prompt. */
    public int batch() {
        return batch;
    }

    /** Size of the pictures, if it was said. */
    public Optional<Size> size() {
        return Optional.ofNullable(size);
    }

    /** Strength of guidance, if it was said. */
    public Optional<Float> guidance() {
        return Optional.ofNullable(guidance);
    }

    /** Limit of the guided velocity's length, if it was said. */
    public Optional<Float> guidanceLimit() {
        return Optional.ofNullable(guidanceLimit);
    }

    /** Scale that a model takes as an input, if it was said. */
    public Optional<Float> embeddedGuidance() {
        return Optional.ofNullable(embeddedGuidance);
    }

    /** Where the adapters act, if it was said. */
    public Optional<AdapterSide> adaptersOn() {
        return Optional.ofNullable(adaptersOn);
    }

    /** Tokens of a prompt that are read, if it was said. */
    public Optional<Integer> maxPromptTokens() {
        return Optional.ofNullable(maxPromptTokens);
    }

    /** The steps, if they were said. */
    public Optional<Plan> plan() {
        return Optional.ofNullable(plan);
    }

    /** The adapters, if they were said. */
    public Optional<List<Lora>> loras() {
        return Optional.ofNullable(loras);
    }

    /** Pictures to look at. */
    public List<Path> references() {
        return references;
    }

    /** A picture to start from, if there is one. */
    public Optional<Init> init() {
        return Optional.ofNullable(init);
    }
}

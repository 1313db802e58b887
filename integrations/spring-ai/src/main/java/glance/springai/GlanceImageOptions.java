package glance.springai;

import glance.Hub;
import glance.api.Init;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.image.ImageOptions;

/**
 * How pictures are drawn. What is null was not said; options of a prompt go before those of the
 * image model, value by value, so that a width alone keeps the height of the model's options. A
 * style means nothing here and is ignored.
 *
 * <pre>{@code
 * GlanceImageOptions.builder().width(64).height(64).seed(42L).plan("uniform-8").build()
 * GlanceImageOptions.builder().init(Init.of(photo).mask(white)).build()
 * }</pre>
 */
public final class GlanceImageOptions implements ImageOptions {
    private final @Nullable String model;
    private final @Nullable Integer n;
    private final @Nullable Integer width;
    private final @Nullable Integer height;
    private final @Nullable String responseFormat;
    private final @Nullable String style;
    private final @Nullable Long seed;
    private final @Nullable String negative;
    private final @Nullable Float guidance;
    private final @Nullable Float embeddedGuidance;
    private final @Nullable Integer maxPromptTokens;
    private final @Nullable Plan plan;
    private final @Nullable List<Lora> loras;
    private final @Nullable List<Path> references;
    private final @Nullable Init init;

    private GlanceImageOptions(Builder builder) {
        this.model = builder.model;
        this.n = builder.n;
        this.width = builder.width;
        this.height = builder.height;
        this.responseFormat = builder.responseFormat;
        this.style = builder.style;
        this.seed = builder.seed;
        this.negative = builder.negative;
        this.guidance = builder.guidance;
        this.embeddedGuidance = builder.embeddedGuidance;
        this.maxPromptTokens = builder.maxPromptTokens;
        this.plan = builder.plan;
        this.loras = builder.loras;
        this.references = builder.references;
        this.init = builder.init;
    }

    /** Options that say nothing yet. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What the library draws for a prompt with these options.
     *
     * @throws RequestException if a width has no height, or the other way round
     */
    Request request(String prompt) {
        Request request = Request.of(prompt);
        if ((width == null) != (height == null)) {
            throw new RequestException(
                    "size: has a " + (width == null ? "height" : "width") + " alone; give both");
        }
        request = n == null ? request : request.batch(n);
        request = width == null || height == null ? request : request.size(width, height);
        request = seed == null ? request : request.seed(seed);
        request = negative == null ? request : request.negative(negative);
        request = guidance == null ? request : request.guidance(guidance);
        request = embeddedGuidance == null ? request : request.embeddedGuidance(embeddedGuidance);
        request = maxPromptTokens == null ? request : request.maxPromptTokens(maxPromptTokens);
        request = plan == null ? request : request.plan(plan);
        request = loras == null ? request : request.loras(loras);
        request = references == null ? request : request.references(references);
        return init == null ? request : request.init(init);
    }

    /** The name of the model that the image model stands on; any other is refused. */
    @Override
    public @Nullable String getModel() {
        return model;
    }

    /** Pictures of the prompt, drawn side by side from seeds that count up. */
    @Override
    public @Nullable Integer getN() {
        return n;
    }

    /** In pixels. */
    @Override
    public @Nullable Integer getWidth() {
        return width;
    }

    /** In pixels. */
    @Override
    public @Nullable Integer getHeight() {
        return height;
    }

    /** {@code b64_json}; any other is refused. */
    @Override
    public @Nullable String getResponseFormat() {
        return responseFormat;
    }

    /** Ignored. */
    @Override
    public @Nullable String getStyle() {
        return style;
    }

    /** Start noise of the first picture. */
    public @Nullable Long getSeed() {
        return seed;
    }

    /** What guidance leads away from. */
    public @Nullable String getNegative() {
        return negative;
    }

    /** Scale of classifier-free guidance; 1 turns it off. */
    public @Nullable Float getGuidance() {
        return guidance;
    }

    /** Scale for models that take it as an input, as FLUX.1-dev does. */
    public @Nullable Float getEmbeddedGuidance() {
        return embeddedGuidance;
    }

    /** Tokens of a prompt that are read, for models that leave the choice. */
    public @Nullable Integer getMaxPromptTokens() {
        return maxPromptTokens;
    }

    /** The steps. */
    public @Nullable Plan getPlan() {
        return plan;
    }

    /** The adapters. */
    public @Nullable List<Lora> getLoras() {
        return loras;
    }

    /** The pictures to look at. */
    public @Nullable List<Path> getReferences() {
        return references;
    }

    /** The picture to start from. */
    public @Nullable Init getInit() {
        return init;
    }

    private List<@Nullable Object> values() {
        List<@Nullable Object> all = new ArrayList<>();
        all.add(model);
        all.add(n);
        all.add(width);
        all.add(height);
        all.add(responseFormat);
        all.add(style);
        all.add(seed);
        all.add(negative);
        all.add(guidance);
        all.add(embeddedGuidance);
        all.add(maxPromptTokens);
        all.add(plan);
        all.add(loras);
        all.add(references);
        all.add(init);
        return all;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GlanceImageOptions that && values().equals(that.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "GlanceImageOptions" + values();
    }

    /** Says options, one by one. */
    public static final class Builder {
        private @Nullable String model;
        private @Nullable Integer n;
        private @Nullable Integer width;
        private @Nullable Integer height;
        private @Nullable String responseFormat;
        private @Nullable String style;
        private @Nullable Long seed;
        private @Nullable String negative;
        private @Nullable Float guidance;
        private @Nullable Float embeddedGuidance;
        private @Nullable Integer maxPromptTokens;
        private @Nullable Plan plan;
        private @Nullable List<Lora> loras;
        private @Nullable List<Path> references;
        private @Nullable Init init;

        private Builder() {}

        /** All that other options say or do not say. */
        public Builder from(GlanceImageOptions other) {
            model = other.model;
            n = other.n;
            width = other.width;
            height = other.height;
            responseFormat = other.responseFormat;
            style = other.style;
            seed = other.seed;
            negative = other.negative;
            guidance = other.guidance;
            embeddedGuidance = other.embeddedGuidance;
            maxPromptTokens = other.maxPromptTokens;
            plan = other.plan;
            loras = other.loras;
            references = other.references;
            init = other.init;
            return this;
        }

        /** What other options say, also those of another image model; the rest stays. */
        public Builder merge(@Nullable ImageOptions other) {
            if (other == null) {
                return this;
            }
            model = or(other.getModel(), model);
            n = or(other.getN(), n);
            width = or(other.getWidth(), width);
            height = or(other.getHeight(), height);
            responseFormat = or(other.getResponseFormat(), responseFormat);
            style = or(other.getStyle(), style);
            if (other instanceof GlanceImageOptions ours) {
                seed = or(ours.seed, seed);
                negative = or(ours.negative, negative);
                guidance = or(ours.guidance, guidance);
                embeddedGuidance = or(ours.embeddedGuidance, embeddedGuidance);
                maxPromptTokens = or(ours.maxPromptTokens, maxPromptTokens);
                plan = or(ours.plan, plan);
                loras = or(ours.loras, loras);
                references = or(ours.references, references);
                init = or(ours.init, init);
            }
            return this;
        }

        private static <T> @Nullable T or(@Nullable T first, @Nullable T second) {
            return first == null ? second : first;
        }

        /** The name of the model that the image model stands on; needs not be said. */
        public Builder model(@Nullable String name) {
            this.model = name;
            return this;
        }

        /** Pictures of the prompt, drawn side by side from seeds that count up. */
        public Builder n(@Nullable Integer pictures) {
            this.n = pictures;
            return this;
        }

        /** In pixels. */
        public Builder width(@Nullable Integer pixels) {
            this.width = pixels;
            return this;
        }

        /** In pixels. */
        public Builder height(@Nullable Integer pixels) {
            this.height = pixels;
            return this;
        }

        /** {@code b64_json}. */
        public Builder responseFormat(@Nullable String format) {
            this.responseFormat = format;
            return this;
        }

        /** Ignored. */
        public Builder style(@Nullable String ignored) {
            this.style = ignored;
            return this;
        }

        /** Start noise: the same seed gives the same picture. */
        public Builder seed(@Nullable Long value) {
            this.seed = value;
            return this;
        }

        /** What guidance leads away from. */
        public Builder negative(@Nullable String text) {
            this.negative = text;
            return this;
        }

        /** Scale of classifier-free guidance; 1 turns it off. */
        public Builder guidance(@Nullable Float scale) {
            this.guidance = scale;
            return this;
        }

        /** Scale for models that take it as an input, as FLUX.1-dev does. */
        public Builder embeddedGuidance(@Nullable Float scale) {
            this.embeddedGuidance = scale;
            return this;
        }

        /** Tokens of a prompt that are read, for models that leave the choice. */
        public Builder maxPromptTokens(@Nullable Integer tokens) {
            this.maxPromptTokens = tokens;
            return this;
        }

        /** The steps. */
        public Builder plan(@Nullable Plan steps) {
            this.plan = steps;
            return this;
        }

        /**
         * The steps by the name of a plan, such as {@code glance}.
         *
         * @throws RequestException if no plan has this name
         */
        public Builder plan(String name) {
            return plan(Plans.of(name));
        }

        /**
         * The model's own grid of a number of steps: the plan {@code uniform-N}.
         *
         * @throws RequestException if it is not 1 to 1000
         */
        public Builder steps(int number) {
            return plan(Plans.uniform(number));
        }

        /** These adapters and no others; of an empty list none, not even the model's own. */
        public Builder loras(@Nullable List<Lora> adapters) {
            this.loras = adapters == null ? null : List.copyOf(adapters);
            return this;
        }

        /** These pictures to look at, for models that edit, and no others. */
        public Builder references(@Nullable List<Path> pictures) {
            this.references = pictures == null ? null : List.copyOf(pictures);
            return this;
        }

        /** One picture more to look at, for models that edit: see {@link Request#reference}. */
        public Builder reference(Path picture) {
            List<Path> all = references == null ? new ArrayList<>() : new ArrayList<>(references);
            all.add(Objects.requireNonNull(picture, "picture"));
            return references(all);
        }

        /** A picture to start from, and what of it is painted anew. */
        public Builder init(@Nullable Init start) {
            this.init = start;
            return this;
        }

        /** One adapter more. Those that the model has of its own are not used beside it. */
        public Builder lora(Lora adapter) {
            List<Lora> all = loras == null ? new ArrayList<>() : new ArrayList<>(loras);
            all.add(Objects.requireNonNull(adapter, "adapter"));
            return loras(all);
        }

        /**
         * One adapter more, as {@code FILE[:STRENGTH][@STEPS]}; a file may be one of the hub: see
         * {@link Hub#lora}.
         *
         * @throws RequestException if there is no such file, or the text is malformed
         */
        public Builder lora(String text) {
            return lora(new Hub().lora(text));
        }

        /** The options. */
        public GlanceImageOptions build() {
            return new GlanceImageOptions(this);
        }
    }
}

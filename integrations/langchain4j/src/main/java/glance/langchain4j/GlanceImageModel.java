package glance.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import glance.Glance;
import glance.Hub;
import glance.Listener;
import glance.Model;
import glance.Picture;
import glance.api.DeviceOptions;
import glance.api.Init;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Request;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An image model of langchain4j that draws in this JVM: no server, no key. Pictures are PNG in
 * base64, with their settings in the file; the revised prompt is absent, because a prompt is drawn
 * as it is. The metadata of a response has the seed under {@value #SEED}.
 *
 * <pre>{@code
 * try (GlanceImageModel model = GlanceImageModel.builder().modelName("ORG/NAME").build()) {
 *     Image picture = model.generate("three blue stars").content();
 * }
 * }</pre>
 *
 * <p>May be called from any thread; one picture is drawn at a time, in the order of the calls.
 * {@link #close} frees the model, if the builder loaded it: an open {@link Model} that was given to
 * the builder stays open, and belongs to who opened it. What can go wrong is listed in {@link
 * glance.api}, each with one line that says how to mend it.
 */
public final class GlanceImageModel implements ImageModel, AutoCloseable {
    /** The key of the seed of the first picture, a {@link Long}; the others count up from it. */
    public static final String SEED = "seed";

    private static final String BUILT_IN = "glance-tiny";

    private final Glance owned;
    private final Model model;
    private final Request defaults;
    private final Listener listener;
    private final Float strength;

    private GlanceImageModel(Builder builder) {
        this.strength = builder.strength;
        this.defaults = builder.request;
        this.listener = builder.listener;
        if (builder.model != null) {
            builder.requireNothingToLoad();
            this.owned = null;
            this.model = builder.model;
            return;
        }
        this.owned = Glance.open(builder.device(), builder.deviceOptions());
        try {
            this.model = owned.load(builder.modelName());
        } catch (RuntimeException | Error e) {
            owned.close();
            throw e;
        }
    }

    /** A model to be described; of {@code builder().build()} the one in the engine's jar. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Draws one picture.
     *
     * @throws glance.api.RequestException if the prompt is empty, or an option of the builder makes
     *     no sense for the model
     */
    @Override
    public Response<Image> generate(String prompt) {
        List<Picture> pictures = draw(prompt, 1);
        return new Response<>(image(pictures.get(0)), null, null, about(pictures));
    }

    /**
     * Draws pictures of one prompt, side by side, from seeds that count up.
     *
     * @param n 1 or more
     * @throws glance.api.RequestException as for {@link #generate(String)}
     * @throws glance.api.DeviceException if the device has too little memory for n pictures
     */
    @Override
    public Response<List<Image>> generate(String prompt, int n) {
        List<Picture> pictures = draw(prompt, n);
        return new Response<>(
                pictures.stream().map(GlanceImageModel::image).toList(),
                null,
                null,
                about(pictures));
    }

    /**
     * Makes a picture of another. A model that looks at pictures (FLUX.1 Kontext, FLUX.2 [klein])
     * looks at it; any other starts from it, see {@link Builder#strength}. Without a size of the
     * builder the result has its own.
     *
     * @param image as base 64, or at a {@code file:} or {@code data:} URL
     * @throws glance.api.RequestException as for {@link #generate(String)}, and if the image is
     *     none that can be read here
     */
    @Override
    public Response<Image> edit(Image image, String prompt) {
        return edited(image, null, prompt);
    }

    /**
     * Paints a part of a picture anew; the rest stays as it is.
     *
     * @param image as for {@link #edit(Image, String)}
     * @param mask of the same size; painted is what is fully transparent in it, as with OpenAI's
     *     models, or, where nothing is, what is white
     * @throws glance.api.RequestException as for {@link #edit(Image, String)}, and if the mask does
     *     not fit, or paints nothing
     */
    @Override
    public Response<Image> edit(Image image, Image mask, String prompt) {
        return edited(image, Objects.requireNonNull(mask, "mask"), prompt);
    }

    private Response<Image> edited(Image image, Image mask, String prompt) {
        Objects.requireNonNull(prompt, "prompt");
        boolean looks = model.maxReferences() > 0;
        try (ImageFiles files = new ImageFiles()) {
            Path picture = files.keep("image", image);
            Request request = defaults.prompts(List.of(prompt)).batch(1);
            request = looks ? request.reference(picture) : request;
            if (mask != null || !looks) {
                Init init = Init.of(picture);
                init = strength == null ? init : init.strength(strength);
                request = request.init(mask == null ? init : init.mask(files.keepMask(mask)));
            }
            List<Picture> pictures = files.named(request, asked -> model.draw(asked, listener));
            return new Response<>(image(pictures.get(0)), null, null, about(pictures));
        }
    }

    private List<Picture> draw(String prompt, int n) {
        Objects.requireNonNull(prompt, "prompt");
        return model.draw(defaults.prompts(List.of(prompt)).batch(n), listener);
    }

    private static Image image(Picture picture) {
        return Image.builder()
                .base64Data(Base64.getEncoder().encodeToString(picture.png()))
                .mimeType("image/png")
                .build();
    }

    private static Map<String, Object> about(List<Picture> pictures) {
        return Map.of(SEED, pictures.get(0).seed());
    }

    /** Frees the model if the builder loaded it; twice is fine. */
    @Override
    public void close() {
        if (owned != null) {
            owned.close();
        }
    }

    /**
     * Says which model draws, and how. What is not said is the model's own: see {@link Request}.
     * Values of a request are checked against the model with the first picture.
     */
    public static final class Builder {
        private Model model;
        private String modelName;
        private String device;
        private DeviceOptions deviceOptions;
        private Request request = Request.of();
        private Listener listener = Listener.NONE;
        private Float strength;

        private Builder() {}

        /** An open model, which {@link GlanceImageModel#close} leaves open. */
        public Builder model(Model open) {
            this.model = Objects.requireNonNull(open, "model");
            return this;
        }

        /**
         * A path, or a name on the Hugging Face hub, which is fetched if need be: see {@link
         * Glance#load(String)}. Default: {@code glance-tiny}, which is in the engine's jar.
         */
        public Builder modelName(String name) {
            this.modelName = Objects.requireNonNull(name, "modelName");
            return this;
        }

        /** {@code auto} (default), {@code cpu}, {@code cuda} or {@code cuda:1}. */
        public Builder device(String name) {
            this.device = Objects.requireNonNull(name, "device");
            return this;
        }

        /** Threads of the CPU, dtype of activations. */
        public Builder deviceOptions(DeviceOptions options) {
            this.deviceOptions = Objects.requireNonNull(options, "deviceOptions");
            return this;
        }

        /**
         * The size of the pictures in pixels, such as {@code 1024x768}.
         *
         * @throws glance.api.RequestException if the text has another form
         */
        public Builder size(String widthXHeight) {
            return with(request.size(Request.Size.parse(widthXHeight)));
        }

        /** The size of the pictures in pixels. */
        public Builder size(int width, int height) {
            return with(request.size(width, height));
        }

        /** Start noise: the same seed gives the same picture. Default: random. */
        public Builder seed(long seed) {
            return with(request.seed(seed));
        }

        /** What guidance leads away from. */
        public Builder negative(String text) {
            return with(request.negative(text));
        }

        /** Scale of classifier-free guidance; 1 turns it off. */
        public Builder guidance(float scale) {
            return with(request.guidance(scale));
        }

        /** Scale for models that take it as an input, as FLUX.1-dev does. */
        public Builder embeddedGuidance(float scale) {
            return with(request.embeddedGuidance(scale));
        }

        /** Tokens of a prompt that are read, for models that leave the choice. */
        public Builder maxPromptTokens(int tokens) {
            return with(request.maxPromptTokens(tokens));
        }

        /**
         * The steps by the name of a plan, such as {@code glance}, or {@code uniform-8} for 8
         * steps.
         *
         * @throws glance.api.RequestException if no plan has this name
         */
        public Builder plan(String name) {
            return with(request.plan(name));
        }

        /** The steps. */
        public Builder plan(Plan steps) {
            return with(request.plan(steps));
        }

        /**
         * One adapter more, as {@code FILE[:STRENGTH][@STEPS]}; a file may be one of the hub: see
         * {@link Hub#lora}.
         *
         * @throws glance.api.RequestException if there is no such file, or the text is malformed
         */
        public Builder lora(String text) {
            return lora(new Hub().lora(text));
        }

        /** One adapter more. Those that the model has of its own are not used beside it. */
        public Builder lora(Lora adapter) {
            return with(request.lora(adapter));
        }

        /** These adapters and no others; of an empty list none, not even the model's own. */
        public Builder loras(List<Lora> adapters) {
            return with(request.loras(adapters));
        }

        /**
         * Of {@link GlanceImageModel#edit} where a picture is started from: the share of the steps
         * that is run, more than 0 and at most 1. Default: 0.6.
         */
        public Builder strength(float share) {
            this.strength = share;
            return this;
        }

        /** Who hears of progress and previews, and may end the work. */
        public Builder listener(Listener hears) {
            this.listener = Objects.requireNonNull(hears, "listener");
            return this;
        }

        /**
         * Loads the model, unless an open one was given; its weights come to the device with the
         * first picture.
         *
         * @throws IllegalArgumentException if an open model was given, and also what to load
         * @throws glance.api.FormatException if it is no model that the engine runs
         * @throws glance.api.DeviceException if the device cannot be used
         */
        public GlanceImageModel build() {
            return new GlanceImageModel(this);
        }

        private Builder with(Request changed) {
            this.request = changed;
            return this;
        }

        private void requireNothingToLoad() {
            if (modelName != null || device != null || deviceOptions != null) {
                throw new IllegalArgumentException(
                        "model: is open already, so modelName, device and deviceOptions say"
                                + " nothing; give the model or these");
            }
        }

        private String modelName() {
            return modelName == null ? BUILT_IN : modelName;
        }

        private String device() {
            return device == null ? "auto" : device;
        }

        private DeviceOptions deviceOptions() {
            return deviceOptions == null ? DeviceOptions.defaults() : deviceOptions;
        }
    }
}

package glance.springai;

import glance.Model;
import glance.Picture;
import glance.api.Request;
import glance.api.RequestException;
import io.micrometer.observation.ObservationRegistry;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.image.Image;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.image.observation.DefaultImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationContext;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationDocumentation;

/**
 * An image model of Spring AI that draws in this JVM: no server, no key. Options of a prompt go
 * before those of this model, value by value; what neither says is the engine's own choice.
 * Pictures are PNG in base64, with their settings in the file; {@link
 * GlanceImageGenerationMetadata} has the seed.
 *
 * <pre>{@code
 * try (Glance glance = Glance.open();
 *         Model model = glance.builtIn()) {
 *     ImageModel images = GlanceImageModel.builder().model(model).build();
 *     ImageResponse response = images.call(new ImagePrompt("three blue stars"));
 * }
 * }</pre>
 *
 * <p>May be called from any thread; one request is drawn at a time, in the order of the calls. The
 * model that it stands on belongs to who opened it: the auto-configuration closes its own with the
 * context. What can go wrong is listed in {@link glance.api}, each with one line that says how to
 * mend it.
 */
public final class GlanceImageModel implements ImageModel {
    private static final String PROVIDER = "glance";
    private static final ImageModelObservationConvention CONVENTION =
            new DefaultImageModelObservationConvention();

    private final Model model;
    private final GlanceImageOptions options;
    private final ObservationRegistry observations;
    private final @Nullable ImageModelObservationConvention convention;

    private GlanceImageModel(Builder builder) {
        this.model = Objects.requireNonNull(builder.model, "model: give one to the builder");
        this.options =
                GlanceImageOptions.builder().from(builder.options).model(model.name()).build();
        this.observations = builder.observations;
        this.convention = builder.convention;
    }

    /** A model to be described. */
    public static Builder builder() {
        return new Builder();
    }

    /** The options of prompts that say nothing else. */
    public GlanceImageOptions getOptions() {
        return options;
    }

    /**
     * Draws the pictures of a prompt.
     *
     * @throws RequestException if the prompt is not one text, or its options make no sense here
     * @throws glance.api.FormatException if a file of the model or an adapter is damaged or does
     *     not fit
     * @throws glance.api.DeviceException if the device fails or has too little memory
     */
    @Override
    public ImageResponse call(ImagePrompt prompt) {
        GlanceImageOptions merged =
                GlanceImageOptions.builder().from(options).merge(prompt.getOptions()).build();
        Request request = merged.request(text(prompt));
        requireFits(merged);
        ImageModelObservationContext context =
                ImageModelObservationContext.builder()
                        .imagePrompt(new ImagePrompt(prompt.getInstructions(), merged))
                        .provider(PROVIDER)
                        .build();
        return ImageModelObservationDocumentation.IMAGE_MODEL_OPERATION
                .observation(convention, CONVENTION, () -> context, observations)
                .observe(
                        () -> {
                            ImageResponse response = draw(request);
                            context.setResponse(response);
                            return response;
                        });
    }

    private ImageResponse draw(Request request) {
        return new ImageResponse(
                model.draw(request).stream().map(GlanceImageModel::generation).toList());
    }

    private static ImageGeneration generation(Picture picture) {
        String base64 = Base64.getEncoder().encodeToString(picture.png());
        return new ImageGeneration(
                new Image(null, base64),
                new GlanceImageGenerationMetadata(picture.seed(), picture.request()));
    }

    private static String text(ImagePrompt prompt) {
        List<ImageMessage> messages = prompt.getInstructions();
        if (messages.size() != 1) {
            throw new RequestException(
                    "prompt: has " + messages.size() + " messages, expected 1; call once for each");
        }
        ImageMessage message = messages.get(0);
        if (!message.getMedia().isEmpty()) {
            throw new RequestException(
                    "prompt: has media; give pictures in the options, as init or references");
        }
        if (message.getWeight() != null && message.getWeight() != 1) {
            throw new RequestException(
                    "prompt: has the weight "
                            + message.getWeight()
                            + ", which means nothing here; leave it out, and say in the option"
                            + " negative what to lead away from");
        }
        return message.getText();
    }

    private void requireFits(GlanceImageOptions merged) {
        if (!model.name().equals(merged.getModel())) {
            throw new RequestException(
                    "model '"
                            + merged.getModel()
                            + "': this image model draws with '"
                            + model.name()
                            + "'; leave the option out, or make a bean for the other model");
        }
        String format = merged.getResponseFormat();
        if (format != null && !format.equals("b64_json")) {
            throw new RequestException(
                    "responseFormat '" + format + "': pictures come as b64_json, have no address");
        }
    }

    /** Says which model draws, and how. */
    public static final class Builder {
        private @Nullable Model model;
        private GlanceImageOptions options = GlanceImageOptions.builder().build();
        private ObservationRegistry observations = ObservationRegistry.NOOP;
        private @Nullable ImageModelObservationConvention convention;

        private Builder() {}

        /** An open model; who opened it closes it, after the last picture. */
        public Builder model(Model open) {
            this.model = open;
            return this;
        }

        /**
         * The options of prompts that say nothing else; the name of the model in them is not read.
         */
        public Builder options(GlanceImageOptions defaults) {
            this.options = defaults;
            return this;
        }

        /** Who hears how long each call takes. Default: nobody. */
        public Builder observationRegistry(ObservationRegistry registry) {
            this.observations = registry;
            return this;
        }

        /** What is told of a call. Default: what Spring AI tells of every image model. */
        public Builder observationConvention(@Nullable ImageModelObservationConvention tells) {
            this.convention = tells;
            return this;
        }

        /** The image model; nothing is loaded before its first picture. */
        public GlanceImageModel build() {
            return new GlanceImageModel(this);
        }
    }
}

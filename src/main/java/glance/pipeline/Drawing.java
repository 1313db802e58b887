package glance.pipeline;

import glance.lora.RunExperts;
import glance.model.Canvas;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.PhasePlan;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * Settings made ready: prompts are encoded, experts are read, the steps are known. From here on any
 * number of pictures can be made. Close it before its {@link Pipeline}.
 */
public final class Drawing implements AutoCloseable {
    /** The stages of a run, see {@link RunListener#stage}. */
    static final String TEXT_ENCODER = "text encoder";

    static final String TRANSFORMER = "transformer";
    static final String DENOISING = "denoising";
    static final String AUTOENCODER = "autoencoder";

    /** Of the tokens of a sample; more would cost more than a shared pass saves. */
    private static final double MOST_PADDING = 0.25;

    private final Pipeline pipeline;
    private final Ops ops;
    private final Parts parts;
    private final Settings settings;
    private final PhasePlan plan;
    private final TokenGrid grid;
    private final Canvas canvas;
    private final List<Texts.Encoded> encoded;
    private final EncodedStart start; // null to start from noise alone
    private final RunExperts experts;
    private final List<DenoisingStep> steps;
    private final RunListener listener;
    private boolean delivered;
    private boolean closed;

    /**
     * What the steps of a prompt made.
     *
     * @param latents of the last step, [batch, tokens, channels]
     * @param seconds from the noise to them: modulation and all steps, without text and decoding
     */
    public record Denoised(float[] latents, double seconds) {}

    Drawing(
            Pipeline pipeline,
            Settings settings,
            List<Texts.Encoded> encoded,
            List<Canvas.Reference> references,
            EncodedStart start,
            RunExperts experts,
            RunListener listener) {
        this.pipeline = pipeline;
        this.ops = pipeline.ops();
        this.parts = pipeline.parts();
        this.settings = settings;
        this.plan = pipeline.plan(settings);
        this.grid = pipeline.grid(settings);
        this.canvas = new Canvas(grid, references);
        this.encoded = encoded;
        this.start = start;
        this.experts = experts;
        this.steps = Together.steps(List.of(this));
        this.listener = listener;
    }

    /** The settings. */
    public Settings settings() {
        return settings;
    }

    /** The whole plan of each picture, of which the first steps may be left out. */
    public PhasePlan plan() {
        return plan;
    }

    /** Those that are run. */
    List<DenoisingStep> steps() {
        return steps;
    }

    Pipeline pipeline() {
        return pipeline;
    }

    TokenGrid grid() {
        return grid;
    }

    Canvas canvas() {
        return canvas;
    }

    RunExperts experts() {
        return experts;
    }

    RunListener listener() {
        return listener;
    }

    /** A prompt for each picture and, with guidance, as many negative prompts after them. */
    TextBatch text(int prompt) {
        return encoded.get(prompt).texts();
    }

    /** What the pictures of a prompt begin as. */
    StartLatents begin() {
        return begin(settings.seed());
    }

    /** The same from another noise. */
    StartLatents begin(long seed) {
        int batch = settings.batch();
        return start == null
                ? new StartLatents(StartNoise.packed(ops, seed, batch, pipeline.geometry(), grid))
                : start.latents(ops, seed, batch, pipeline.geometry(), grid);
    }

    BufferedImage paste(BufferedImage result) {
        return start == null ? result : start.canvas().paste(result);
    }

    /**
     * Makes the latents of one prompt; {@link #decode} has their picture.
     *
     * @param prompt index of the prompt
     * @param seed of the start noise, in place of that of the settings
     * @throws glance.api.CancelledException if the listener asked for it
     * @throws IllegalStateException if the latents became NaN or infinite
     */
    public Denoised denoise(int prompt, long seed) {
        return denoise(List.of(this), prompt, seed).get(0);
    }

    /**
     * The same of several drawings in the same forward passes, each with its own experts.
     *
     * @param drawings that join the first
     * @return of each drawing, with its share of the seconds
     */
    public static List<Denoised> denoise(List<Drawing> drawings, int prompt, long seed) {
        drawings.forEach(Drawing::requireOpen);
        return new Together(drawings).denoise(prompt, seed);
    }

    /**
     * Whether pictures of both can be made in the same forward passes: those of one {@link
     * PassShape}, along the same noise levels. Texts may differ, in their lengths too if the model
     * masks padding and there is not much of it. Experts may differ if they are plain LoRAs.
     */
    public boolean joins(Drawing other) {
        return pipeline == other.pipeline
                && PassShape.of(settings).equals(PassShape.of(other.settings))
                && joinsTexts(other)
                && sigmas(steps).equals(sigmas(other.steps))
                && experts.joins(other.experts);
    }

    /** Padding takes as long as text does. */
    private boolean joinsTexts(Drawing other) {
        for (int prompt = 0; prompt < encoded.size(); prompt++) {
            int own = text(prompt).maxLen();
            int others = other.text(prompt).maxLen();
            int padding = Math.abs(own - others);
            int tokens = Math.min(own, others) + canvas.tokens();
            boolean fits = pipeline.family().masksPadding() && padding <= tokens * MOST_PADDING;
            if (padding > 0 && !fits) {
                return false;
            }
        }
        return true;
    }

    private static List<List<Float>> sigmas(List<DenoisingStep> steps) {
        return steps.stream().map(step -> List.of(step.sigma(), step.nextSigma())).toList();
    }

    /** The picture of latents of one sample. */
    public BufferedImage decode(float[] latents) {
        requireOpen();
        try (Scope inner = ops.scope()) {
            Shape shape = Shape.of(1, grid.tokens(), latents.length / grid.tokens());
            Tensor tensor = ops.host().floats(shape, latents);
            return paste(Pictures.of(ops, parts.codec().decode(ops, tensor, grid)).get(0));
        } finally {
            parts.leaveCodec();
        }
    }

    void deliver(int index, ImageResult picture) {
        delivered = true;
        listener.picture(index, picture);
    }

    /** Whether the listener has had a finished picture. */
    boolean hasDelivered() {
        return delivered;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this drawing is closed; prepare a new one");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            experts.close();
            encoded.forEach(Texts.Encoded::release);
            canvas.references().forEach(SeenPictures::release);
            if (start != null) {
                start.close();
            }
            pipeline.ended(this);
        }
    }
}

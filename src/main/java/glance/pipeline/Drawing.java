package glance.pipeline;

import glance.api.CancelledException;
import glance.lora.RunExperts;
import glance.model.Canvas;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.PhasePlan;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
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
    private static final String AUTOENCODER = "autoencoder";

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
        this.steps = steps(List.of(this));
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

    /** The steps of drawings with as many samples each, which share forward passes. */
    private static List<DenoisingStep> steps(List<Drawing> drawings) {
        Drawing first = drawings.get(0);
        List<RunExperts> shares = new ArrayList<>();
        drawings.forEach(drawing -> shares.add(drawing.experts));
        if (first.settings.guidance().isActive()) {
            RunExperts none = RunExperts.none(first.plan.steps().size());
            boolean spared = first.settings.guidance().sparesNegative();
            drawings.forEach(drawing -> shares.add(spared ? none : drawing.experts));
        }
        RunExperts all = first.pipeline.together(shares);
        return DenoisingStep.of(first.plan, step -> all.of(step.number()))
                .subList(first.settings.firstStep() - 1, first.plan.steps().size());
    }

    private List<TextBatch> texts() {
        return encoded.stream().map(Texts.Encoded::texts).toList();
    }

    /**
     * Makes all pictures, prompt by prompt. Of several prompts, all but the last are decoded beside
     * the transformer, so that their pictures are there early; where that does not fit, they are
     * decoded at the end, too.
     *
     * @throws CancelledException if the listener asked for it
     * @throws IllegalStateException if numbers became NaN or infinite
     */
    List<ImageResult> run() {
        try (Scope scope = ops.scope()) {
            Decoding decoding =
                    new Decoding(ops, parts, settings, grid, this::paste, this::deliver);
            denoise(decoding);
            listener.stage(AUTOENCODER);
            List<ImageResult> results = decoding.finish();
            if (decoding.prompts() < settings.prompts().size()) {
                throw new CancelledException();
            }
            return results;
        }
    }

    /** Makes the last latents of each prompt; of fewer prompts if the run was cancelled. */
    private void denoise(Decoding decoding) {
        listener.stage(TRANSFORMER);
        try (Scope outer = ops.scope()) {
            Denoiser denoiser = parts.denoiser();
            Sampler sampler = new Sampler(ops, denoiser, listener);
            List<Conditioned> prepared =
                    sampler.prepare(texts(), steps, canvas, settings.guidance().embedded());
            if (!parts.keepsDenoiser()) {
                // the steps need neither the other, and together they might not fit
                denoiser.parameters().unloadConditioning();
            }
            denoiser.parameters().load();
            listener.stage(DENOISING);
            Previews previews = new Previews(ops, grid, parts, this::paste, listener);
            for (Conditioned conditioned : prepared) {
                try (Scope scope = ops.scope()) {
                    StartLatents begin = begin(settings.seed());
                    Tensor latents =
                            sampler.run(conditioned, begin, steps, settings.guidance(), previews);
                    NotFinite.check(ops.host().floats(latents), NotFinite.LATENTS);
                    decoding.add(outer.keep(scope.keep(latents)));
                } catch (CancelledException e) {
                    if (decoding.prompts() == 0) {
                        throw e;
                    }
                    break;
                }
                if (decoding.prompts() < settings.prompts().size()) {
                    decoding.decodeBeside();
                }
            }
        } finally {
            parts.leaveCodec();
            parts.leaveDenoiser();
        }
    }

    private StartLatents begin(long seed) {
        int batch = settings.batch();
        return start == null
                ? new StartLatents(StartNoise.packed(ops, seed, batch, pipeline.geometry(), grid))
                : start.latents(ops, seed, batch, pipeline.geometry(), grid);
    }

    private BufferedImage paste(BufferedImage result) {
        return start == null ? result : start.canvas().paste(result);
    }

    /**
     * Makes the latents of one prompt; {@link #decode} has their picture.
     *
     * @param prompt index of the prompt
     * @param seed of the start noise, in place of that of the settings
     * @throws CancelledException if the listener asked for it
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
        Drawing first = drawings.get(0);
        Ops ops = first.ops;
        Denoiser denoiser = first.parts.denoiser();
        boolean stays = first.parts.keepsDenoiser();
        if (stays) {
            denoiser.parameters().load();
        }
        try (Scope inner = ops.scope()) {
            StartLatents begin = StartLatents.joined(ops, first.begin(seed), drawings.size());
            ops.device().synchronize();
            long start = System.nanoTime();
            Sampler sampler = new Sampler(ops, denoiser, first.listener);
            List<TextBatch> texts =
                    drawings.stream().map(each -> each.encoded.get(prompt).texts()).toList();
            Guidance guidance = first.settings.guidance();
            TextBatch text = TextBatch.joined(ops, texts, guidance.isActive() ? 2 : 1);
            List<DenoisingStep> steps = steps(drawings);
            Conditioned conditioned =
                    sampler.prepare(List.of(text), steps, first.canvas, guidance.embedded()).get(0);
            if (!stays) {
                start += first.loadForSteps(denoiser);
            }
            Tensor latents = sampler.run(conditioned, begin, steps, guidance, (tensor, step) -> {});
            double seconds = (System.nanoTime() - start) * 1e-9;
            FloatBuffer values = ops.host().floats(latents);
            NotFinite.check(values.duplicate(), NotFinite.LATENTS);
            int count = drawings.size();
            List<Denoised> result = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                float[] own = new float[Math.toIntExact(latents.numel() / count)];
                values.get(own);
                result.add(new Denoised(own, seconds / count));
            }
            return result;
        } finally {
            first.parts.leaveDenoiser();
        }
    }

    /**
     * Whether pictures of both can be made in the same forward passes: from the same noise, along
     * the same noise levels, under the same texts and with the same guidance. Only the experts may
     * differ, if they are plain LoRAs.
     */
    public boolean joins(Drawing other) {
        return pipeline == other.pipeline
                && settings.batch() == other.settings.batch()
                && settings.guidance().equals(other.settings.guidance())
                && settings.prompts().equals(other.settings.prompts())
                && settings.negative().equals(other.settings.negative())
                && settings.maxPromptTokens() == other.settings.maxPromptTokens()
                && settings.size().equals(other.settings.size())
                && settings.firstStep() == other.settings.firstStep()
                && settings.pictureKeys().equals(other.settings.pictureKeys())
                && sigmas(steps).equals(sigmas(other.steps))
                && experts.joinsOthers()
                && other.experts.joinsOthers();
    }

    private static List<List<Float>> sigmas(List<DenoisingStep> steps) {
        return steps.stream().map(step -> List.of(step.sigma(), step.nextSigma())).toList();
    }

    /**
     * Brings the weights of the steps in place of those of the conditioning.
     *
     * @return what it took, in nanoseconds
     */
    private long loadForSteps(Denoiser denoiser) {
        ops.device().synchronize();
        long start = System.nanoTime();
        denoiser.parameters().unloadConditioning();
        denoiser.parameters().load();
        ops.device().synchronize();
        return System.nanoTime() - start;
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

    private void deliver(int index, ImageResult picture) {
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

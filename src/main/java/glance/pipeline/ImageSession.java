package glance.pipeline;

import glance.io.FormatException;
import glance.io.ModelFolder;
import glance.lora.LoraSpec;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.PromptEncoder;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.NoiseSchedule;
import glance.schedule.PlanSpec;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A model that stays open for many runs: every prompt is encoded once, the transformer is loaded
 * once, every adapter is read once. Beside the transformer only the autoencoder stays open, from
 * the first picture on:
 *
 * <pre>{@code
 * try (ImageSession session = new ImageSession(ops, folder, setting, listener)) {
 *     ImageSession.Recipe recipe = session.recipe(plan, adapters);
 *     ImageSession.Denoised run = session.denoise(0, seed, recipe);
 *     BufferedImage picture = session.decode(run.latents());
 * }
 * }</pre>
 *
 * The pictures are those of {@link TextToImage} with the same settings. Not thread-safe.
 */
public final class ImageSession implements AutoCloseable {
    private final Ops ops;
    private final ModelFolder folder;
    private final Setting setting;
    private final RunListener listener;
    private final Family family;
    private final Family.Geometry geometry;
    private final NoiseSchedule schedule;
    private final TokenGrid grid;
    private final Scope scope;
    private List<TextBatch> texts = List.of();
    private Denoiser denoiser;
    private Adapters adapters;
    private LatentCodec codec;

    /**
     * What all runs share.
     *
     * @param prompts one or more, none empty
     * @param negative what guidance leads away from
     * @param width in pixels, a multiple of the model's unit
     * @param height in pixels, a multiple of the model's unit
     * @param maxPromptTokens tokens of a prompt that are read; 0 for the model's own number
     */
    public record Setting(
            List<String> prompts,
            String negative,
            int width,
            int height,
            Guidance guidance,
            int maxPromptTokens) {
        /** A setting that reads as many tokens as the model does by itself. */
        public Setting(
                List<String> prompts, String negative, int width, int height, Guidance guidance) {
            this(prompts, negative, width, height, guidance, 0);
        }

        /** The request of one run, for {@link TextToImage#check}. */
        public ImageRequest request(PlanSpec plan, List<LoraSpec> loras) {
            return new ImageRequest(
                    prompts,
                    negative,
                    0,
                    1,
                    width,
                    height,
                    guidance,
                    plan,
                    loras,
                    0,
                    maxPromptTokens);
        }
    }

    /** A plan and its adapters, ready on the device. */
    public static final class Recipe {
        private final List<DenoisingStep> steps;

        private Recipe(List<DenoisingStep> steps) {
            this.steps = steps;
        }

        /** Number of denoising steps. */
        public int steps() {
            return steps.size();
        }
    }

    /**
     * What a run made.
     *
     * @param latents of the last step, [tokens, channels]
     * @param seconds from the noise to them: modulation and all steps, without text and decoding
     */
    public record Denoised(float[] latents, double seconds) {}

    /**
     * Encodes the prompts and loads the transformer.
     *
     * @throws IllegalArgumentException if the setting does not fit the model
     * @throws FormatException if a file of the model is damaged
     */
    public ImageSession(Ops ops, ModelFolder folder, Setting setting, RunListener listener) {
        this.ops = ops;
        this.folder = folder;
        this.setting = setting;
        this.listener = listener;
        this.family = Families.of(folder);
        this.geometry = family.geometry(folder);
        this.schedule = family.schedule(folder);
        this.grid = geometry.grid(setting.width(), setting.height());
        this.scope = ops.scope();
        try {
            texts = encode();
            listener.stage("transformer");
            denoiser = family.openDenoiser(ops, folder);
            // for all runs: none of them shall pay for it
            denoiser.parameters().load();
            adapters = new Adapters(ops, family, denoiser, listener);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** For each prompt a batch of it and, with guidance, the negative prompt. */
    private List<TextBatch> encode() {
        listener.stage("text encoder");
        int tokens = family.promptTokens(folder).of(setting.maxPromptTokens());
        try (PromptEncoder encoder = family.openPromptEncoder(ops, folder, tokens)) {
            LostWords.warn(
                    encoder,
                    setting.prompts(),
                    setting.guidance().isActive() ? setting.negative() : null,
                    listener);
            List<TextBatch> result = new ArrayList<>();
            for (String prompt : setting.prompts()) {
                List<String> batch =
                        setting.guidance().isActive()
                                ? List.of(prompt, setting.negative())
                                : List.of(prompt);
                result.add(encoder.encode(ops, batch));
            }
            return result;
        }
    }

    /**
     * Prepares a kind of run; its adapters, and those that the plan names, are read now.
     *
     * @throws IllegalArgumentException if an adapter's steps are not in the plan
     * @throws FormatException if an adapter is damaged or does not fit the model
     */
    public Recipe recipe(PlanSpec plan, List<LoraSpec> loras) {
        return new Recipe(
                adapters.steps(
                        TextToImage.loras(loras, plan), plan.resolve(schedule, grid.tokens())));
    }

    /**
     * Makes the latents of one picture.
     *
     * @param prompt index of the prompt
     * @param seed of the start noise
     * @throws CancelledException if the listener asked for it
     * @throws IllegalStateException if the latents became NaN or infinite
     */
    public Denoised denoise(int prompt, long seed, Recipe recipe) {
        try (Scope inner = ops.scope()) {
            Tensor noise = StartNoise.packed(ops, seed, 1, geometry, grid);
            ops.device().synchronize();
            long start = System.nanoTime();
            Sampler sampler = new Sampler(ops, denoiser, listener);
            List<TextBatch> text = List.of(texts.get(prompt));
            Guidance guidance = setting.guidance();
            Conditioned conditioned =
                    sampler.prepare(text, recipe.steps, grid, guidance.embedded()).get(0);
            Tensor latents =
                    sampler.run(conditioned, noise, recipe.steps, guidance, (tensor, step) -> {});
            double seconds = (System.nanoTime() - start) * 1e-9;
            FloatBuffer values = ops.host().floats(latents);
            float[] copy = new float[values.remaining()];
            values.get(copy);
            TextToImage.checkFinite(FloatBuffer.wrap(copy));
            return new Denoised(copy, seconds);
        }
    }

    /** The picture of a run's latents. */
    public BufferedImage decode(float[] latents) {
        if (codec == null) {
            listener.stage("autoencoder");
            codec = family.openCodec(ops, folder);
        }
        try (Scope inner = ops.scope()) {
            Shape shape = Shape.of(1, grid.tokens(), latents.length / grid.tokens());
            Tensor decoded = codec.decode(ops, ops.host().floats(shape, latents), grid);
            return Pictures.of(ops, decoded).get(0);
        }
    }

    @Override
    public void close() {
        if (adapters != null) {
            adapters.close();
        }
        if (denoiser != null) {
            denoiser.close();
        }
        if (codec != null) {
            codec.close();
        }
        scope.close();
    }
}

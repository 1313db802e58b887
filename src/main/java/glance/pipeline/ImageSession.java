package glance.pipeline;

import glance.io.FormatException;
import glance.io.ModelFolder;
import glance.lora.AdapterSet;
import glance.lora.AdapterSet.Active;
import glance.lora.AdapterSet.Assignment;
import glance.lora.LoraSpec;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import glance.schedule.PlanSpec;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model that stays open for many runs: every prompt is encoded once for each set of adapters of
 * the text encoders, the transformer is loaded once, every adapter is read once. The text encoders
 * are open until the first run, and again only for a recipe after it that adapts them otherwise.
 * Beside the transformer only the autoencoder stays open, from the first picture on:
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
    private final Map<List<Active>, List<TextBatch>> texts = new HashMap<>();
    private PromptStage prompts; // null from the first run on, but for recipes after it
    private Adapters adapters;
    private AdapterSet set;
    private Denoiser denoiser; // null before the first run
    private LatentCodec codec; // null before the first picture

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
        private final List<TextBatch> texts;

        private Recipe(List<DenoisingStep> steps, List<TextBatch> texts) {
            this.steps = steps;
            this.texts = texts;
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
     * Opens the text encoders.
     *
     * @throws IllegalArgumentException if the setting does not fit the model
     * @throws FormatException if a config of the model or an encoder is damaged
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
            prompts().warnOfLostWords(setting.prompts(), setting.guidance(), setting.negative());
            adapters = new Adapters(family, folder, prompts().linears(), listener);
            set = new AdapterSet(ops, adapters::isOfTransformer);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** For each prompt a batch of it and, with guidance, the negative prompt. */
    private List<List<String>> batches() {
        boolean guided = setting.guidance().isActive();
        return setting.prompts().stream()
                .map(prompt -> guided ? List.of(prompt, setting.negative()) : List.of(prompt))
                .toList();
    }

    /**
     * Prepares a kind of run; its adapters, and those that the plan names, are read now.
     *
     * @throws IllegalArgumentException if an adapter's steps are not in the plan
     * @throws FormatException if an adapter is damaged or does not fit the model
     */
    public Recipe recipe(PlanSpec plan, List<LoraSpec> loras) {
        PhasePlan resolved = plan.resolve(schedule, grid.tokens());
        List<Assignment> assignments = adapters.assign(TextToImage.loras(loras, plan), resolved);
        List<Active> ofEncoders = adapters.ofEncoders(assignments);
        List<TextBatch> encoded = texts.get(ofEncoders);
        if (encoded == null) {
            encoded = prompts().encode(batches(), ofEncoders);
            texts.put(ofEncoders, encoded);
        }
        return new Recipe(Adapters.steps(set, assignments, resolved), encoded);
    }

    private PromptStage prompts() {
        if (prompts == null) {
            prompts = new PromptStage(ops, family, folder, setting.maxPromptTokens(), listener);
        }
        return prompts;
    }

    /** For all runs: none of them shall pay for it. */
    private Denoiser denoiser() {
        closePrompts();
        if (denoiser == null) {
            listener.stage("transformer");
            denoiser = family.openDenoiser(ops, folder);
            denoiser.parameters().load();
        }
        return denoiser;
    }

    private void closePrompts() {
        if (prompts != null) {
            prompts.close();
            prompts = null;
        }
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
        Denoiser loaded = denoiser();
        try (Scope inner = ops.scope()) {
            Tensor noise = StartNoise.packed(ops, seed, 1, geometry, grid);
            ops.device().synchronize();
            long start = System.nanoTime();
            Sampler sampler = new Sampler(ops, loaded, listener);
            List<TextBatch> text = List.of(recipe.texts.get(prompt));
            Guidance guidance = setting.guidance();
            Conditioned conditioned =
                    sampler.prepare(text, recipe.steps, grid, guidance.embedded()).get(0);
            Tensor latents =
                    sampler.run(conditioned, noise, recipe.steps, guidance, (tensor, step) -> {});
            double seconds = (System.nanoTime() - start) * 1e-9;
            FloatBuffer values = ops.host().floats(latents);
            float[] copy = new float[values.remaining()];
            values.get(copy);
            TextToImage.checkLatents(FloatBuffer.wrap(copy));
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
        closePrompts();
        if (set != null) {
            set.close();
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

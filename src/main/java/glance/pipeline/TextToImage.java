package glance.pipeline;

import static java.util.Collections.nCopies;

import glance.io.FormatException;
import glance.io.ModelFolder;
import glance.lora.AdapterSet;
import glance.lora.AdapterSet.Assignment;
import glance.lora.LoraSpec;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.NoiseSchedule;
import glance.schedule.PhasePlan;
import glance.schedule.PlanSpec;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Prompt to picture, for any family. Loads the parts of the model one after the other (text
 * encoder, transformer, autoencoder) and frees each before the next, so the peak is the largest
 * part. Of several prompts, all but the last are decoded beside the transformer, so that their
 * pictures are there early; where that does not fit, they are decoded at the end, too.
 */
public final class TextToImage {
    private final Ops ops;
    private final ModelFolder folder;
    private final Family family;
    private final NoiseSchedule schedule;
    private final Family.Geometry geometry;

    /**
     * Reads the model's configuration; weights are loaded by {@link #run}.
     *
     * @throws FormatException if no known family runs this folder, or a config is unsupported
     */
    public TextToImage(Ops ops, ModelFolder folder) {
        this.ops = ops;
        this.folder = folder;
        this.family = Families.of(folder);
        this.schedule = family.schedule(folder);
        this.geometry = family.geometry(folder);
    }

    public Family family() {
        return family;
    }

    public Family.Geometry geometry() {
        return geometry;
    }

    /** The steps of a plan at a size: sigmas depend on the number of tokens. */
    public PhasePlan plan(ImageRequest request) {
        return request.plan().resolve(schedule, grid(request).tokens());
    }

    /**
     * Generates the pictures of a request, prompt by prompt.
     *
     * @throws IllegalArgumentException if the request does not fit the model, naming the argument
     * @throws FormatException if a file of the model or an adapter is damaged or does not fit
     * @throws CancelledException if the listener asked for it
     */
    public List<ImageResult> run(ImageRequest request, RunListener listener) {
        check(request);
        try (Scope scope = ops.scope()) {
            Encoded encoded = encode(request, listener);
            Decoding decoding = new Decoding(ops, family, folder, request, grid(request), listener);
            denoise(request, encoded, decoding, listener);
            List<ImageResult> results = decoding.finish();
            if (decoding.prompts() < request.prompts().size()) {
                throw new CancelledException();
            }
            return results;
        }
    }

    /**
     * Checks a request without loading anything.
     *
     * @throws IllegalArgumentException if it does not fit the model, naming the argument
     */
    public void check(ImageRequest request) {
        if (request.prompts().isEmpty()) {
            throw new IllegalArgumentException("no prompt given");
        }
        for (String prompt : request.prompts()) {
            if (prompt.isBlank()) {
                throw new IllegalArgumentException("the prompt is empty; say what to draw");
            }
        }
        if (request.batch() < 1) {
            throw new IllegalArgumentException("batch must be at least 1, got " + request.batch());
        }
        if (!(request.guidance().scale() >= 1) || Float.isInfinite(request.guidance().scale())) {
            throw new IllegalArgumentException(
                    "guidance must be a finite number, at least 1 (1 turns it off), got "
                            + request.guidance().scale());
        }
        float embedded = request.guidance().embedded();
        if (!(embedded >= 0) || Float.isInfinite(embedded)) {
            throw new IllegalArgumentException(
                    "embedded guidance must be a finite number, at least 0, got " + embedded);
        }
        family.promptTokens(folder).of(request.maxPromptTokens());
        int unit = geometry.pixelsPerToken();
        for (int side : new int[] {request.width(), request.height()}) {
            if (side <= 0 || side % unit != 0) {
                int near = Math.max(unit, Math.round((float) side / unit) * unit);
                throw new IllegalArgumentException(
                        "size "
                                + request.width()
                                + "x"
                                + request.height()
                                + ": sides must be positive multiples of "
                                + unit
                                + " for this model; "
                                + near
                                + " is the nearest to "
                                + side);
            }
        }
    }

    /**
     * Checks whether pictures that are larger than usual can be made, without loading anything.
     *
     * @throws IllegalArgumentException if the model or the plan is not for such a size, with the
     *     largest size of its shape that works
     * @throws glance.backend.DeviceException if the device has too little memory, likewise
     */
    public void checkSize(ImageRequest request) {
        new SizeCheck(ops.device(), folder, request, geometry, schedule).require();
    }

    private TokenGrid grid(ImageRequest request) {
        return geometry.grid(request.width(), request.height());
    }

    /**
     * What the text encoders leave behind.
     *
     * @param texts for each prompt one batch: the prompt for every picture, then the negative for
     *     every picture
     * @param adapters all files, read
     * @param assignments which of them is used in which steps
     */
    private record Encoded(
            List<TextBatch> texts, Adapters adapters, List<Assignment> assignments) {}

    private Encoded encode(ImageRequest request, RunListener listener) {
        try (PromptStage stage =
                new PromptStage(ops, family, folder, request.maxPromptTokens(), listener)) {
            stage.warnOfLostWords(request.prompts(), request.guidance(), request.negative());
            Adapters adapters = new Adapters(family, folder, stage.linears(), listener);
            List<Assignment> assignments =
                    adapters.assign(loras(request.loras(), request.plan()), plan(request));
            List<List<String>> batches = new ArrayList<>();
            for (String prompt : request.prompts()) {
                List<String> batch = new ArrayList<>(nCopies(request.batch(), prompt));
                if (request.guidance().isActive()) {
                    batch.addAll(nCopies(request.batch(), request.negative()));
                }
                batches.add(batch);
            }
            return new Encoded(
                    stage.encode(batches, adapters.ofEncoders(assignments)), adapters, assignments);
        }
    }

    /** Makes the last latents of each prompt; of fewer prompts if the run was cancelled. */
    private void denoise(
            ImageRequest request, Encoded encoded, Decoding decoding, RunListener listener) {
        listener.stage("transformer");
        PhasePlan plan = plan(request);
        TokenGrid grid = grid(request);
        try (Scope outer = ops.scope();
                Denoiser denoiser = family.openDenoiser(ops, folder);
                AdapterSet set = new AdapterSet(ops, encoded.adapters()::isOfTransformer);
                Release autoencoder = decoding::release) {
            List<DenoisingStep> steps = Adapters.steps(set, encoded.assignments(), plan);
            Sampler sampler = new Sampler(ops, denoiser, listener);
            Previews previews =
                    new Previews(
                            ops,
                            request,
                            grid,
                            request.previewEvery() > 0 ? decoding.codec() : null,
                            listener);
            List<Conditioned> prepared =
                    sampler.prepare(encoded.texts(), steps, grid, request.guidance().embedded());
            // the steps need neither the other, and together they might not fit
            denoiser.parameters().unloadConditioning();
            denoiser.parameters().load();
            listener.stage("denoising");
            for (Conditioned conditioned : prepared) {
                try (Scope scope = ops.scope()) {
                    Tensor noise =
                            StartNoise.packed(ops, request.seed(), request.batch(), geometry, grid);
                    Tensor latents =
                            sampler.run(conditioned, noise, steps, request.guidance(), previews);
                    checkLatents(ops.host().floats(latents));
                    decoding.add(outer.keep(scope.keep(latents)));
                } catch (CancelledException e) {
                    if (decoding.prompts() == 0) {
                        throw e;
                    }
                    break;
                }
                if (decoding.prompts() < request.prompts().size()) {
                    decoding.decodeBeside();
                }
            }
        }
    }

    /** Closes without checked exceptions. */
    private interface Release extends AutoCloseable {
        @Override
        void close();
    }

    /** Adapters of a run and those that its plan names for phases. */
    public static List<LoraSpec> loras(List<LoraSpec> given, PlanSpec plan) {
        List<LoraSpec> all = new ArrayList<>(given);
        plan.adapters()
                .forEach(
                        (phase, files) ->
                                files.forEach(file -> all.add(LoraSpec.parse(file).at(phase))));
        return all;
    }

    static void checkLatents(FloatBuffer values) {
        checkFinite(
                values,
                "the latents became NaN or infinite; the model, an adapter or its scale is at"
                        + " fault");
    }

    /**
     * Reads the values to their end.
     *
     * @throws IllegalStateException in these words, if one is NaN or infinite
     */
    static void checkFinite(FloatBuffer values, String words) {
        while (values.hasRemaining()) {
            if (!Float.isFinite(values.get())) {
                throw new IllegalStateException(words);
            }
        }
    }
}

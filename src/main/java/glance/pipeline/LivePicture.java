package glance.pipeline;

import glance.backend.LowRank;
import glance.io.ModelFolder;
import glance.model.Denoiser;
import glance.model.Family;
import glance.model.LatentCodec;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.schedule.PhasePlan;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A picture by adapters that are still being trained, on a denoiser that is open already. The
 * autoencoder is opened for the picture and closed again.
 *
 * @param text the prompt and, with guidance, the negative prompt after it
 * @param grid size of the picture
 * @param seed of the start noise
 */
public record LivePicture(
        TextBatch text, Guidance guidance, PhasePlan plan, TokenGrid grid, long seed) {
    private static final RunListener SILENT = new RunListener() {};

    /**
     * Draws it.
     *
     * @param adapters what a phase (null for steps without one) adds to the model, by module name
     */
    public BufferedImage draw(
            Ops ops,
            Family family,
            ModelFolder folder,
            Denoiser denoiser,
            Function<String, Map<String, LowRank>> adapters) {
        List<DenoisingStep> steps =
                plan.steps().stream()
                        .map(
                                step ->
                                        new DenoisingStep(
                                                step.sigma(),
                                                step.nextSigma(),
                                                step.phase(),
                                                adapters.apply(step.phase())))
                        .toList();
        try (Scope scope = ops.scope();
                LatentCodec codec = family.openCodec(ops, folder)) {
            Tensor noise = StartNoise.packed(ops, seed, 1, family.geometry(folder), grid);
            Sampler sampler = new Sampler(ops, denoiser, SILENT);
            Conditioned conditioned =
                    sampler.prepare(List.of(text), steps, grid, guidance.embedded()).get(0);
            Tensor latents = sampler.run(conditioned, noise, steps, guidance, (tensor, step) -> {});
            return Pictures.of(ops, codec.decode(ops, latents, grid)).get(0);
        }
    }
}

package glance.pipeline;

import glance.backend.LowRank;
import glance.model.Denoiser;
import glance.model.TokenGrid;
import glance.model.text.TextBatch;
import glance.nn.Linear;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;

/**
 * The denoising loop: Euler steps along a plan, each under its own adapters. Knows nothing of Slow
 * and Fast. Conditioning is prepared once for all steps that share adapters; a switch between two
 * steps swaps references and copies nothing.
 */
final class Sampler {
    private final Ops ops;
    private final Denoiser denoiser;
    private final RunListener listener;

    Sampler(Ops ops, Denoiser denoiser, RunListener listener) {
        this.ops = ops;
        this.denoiser = denoiser;
        this.listener = listener;
    }

    /**
     * Runs all steps.
     *
     * @param text prompts of the batch; with guidance, the negative prompts follow in the same
     *     order
     * @param noise [batch, tokens, channels]
     * @param afterStep told the latents after each step, and the number of the step from 1
     * @return latents at the last sigma, in the enclosing scope
     */
    Tensor run(
            TextBatch text,
            Tensor noise,
            List<DenoisingStep> steps,
            TokenGrid grid,
            Guidance guidance,
            ObjIntConsumer<Tensor> afterStep) {
        try (Scope scope = ops.scope()) {
            List<Prepared> prepared = prepare(text, steps, grid, guidance.embedded());
            Map<String, LowRank> active = null;
            Tensor latents = start(noise, steps.get(0).sigma());
            for (int i = 0; i < steps.size(); i++) {
                if (listener.isCancelled()) {
                    throw new CancelledException();
                }
                DenoisingStep step = steps.get(i);
                long start = System.nanoTime();
                if (step.adapters() != active) {
                    activate(step.adapters());
                    if (active != null) {
                        listener.adapterSwitch((System.nanoTime() - start) * 1e-9);
                    }
                    active = step.adapters();
                }
                Tensor next;
                try (Scope inner = ops.scope()) {
                    next = inner.keep(euler(prepared.get(i), latents, step, guidance));
                }
                if (latents != noise) {
                    scope.free(latents);
                }
                latents = next;
                ops.device().synchronize();
                listener.step(
                        i + 1, steps.size(), step.phase(), (System.nanoTime() - start) * 1e-9);
                listener.latents(i + 1, latents);
                afterStep.accept(latents, i + 1);
            }
            return scope.keep(latents);
        } finally {
            activate(Map.of());
        }
    }

    private Tensor euler(Prepared prepared, Tensor latents, DenoisingStep step, Guidance guidance) {
        int batch = latents.dim(0);
        float dt = step.nextSigma() - step.sigma();
        if (!guidance.isActive()) {
            Tensor v = prepared.velocity().at(ops, latents, prepared.index());
            return ops.guidedEuler(latents, v, null, 1, false, dt);
        }
        Tensor both = ops.concat(0, List.of(latents, latents));
        Tensor v = prepared.velocity().at(ops, both, prepared.index());
        Tensor positive = v.narrow(0, 0, batch);
        return ops.guidedEuler(
                latents,
                positive,
                negative(positive, v.narrow(0, batch, batch)),
                guidance.scale(),
                guidance.rescale(),
                dt);
    }

    private Tensor start(Tensor noise, float sigma) {
        float scale = denoiser.startScale(sigma);
        if (scale == 1) {
            return noise;
        }
        return ops.mul(noise, ops.host().floats(Shape.of(1), scale));
    }

    /** Where both velocities are equal, guidance changes nothing. */
    private Tensor negative(Tensor positive, Tensor negative) {
        int channels = negative.dim(2);
        int guided = denoiser.guidedChannels(channels);
        if (guided == channels) {
            return negative;
        }
        return ops.concat(
                2,
                List.of(
                        negative.narrow(2, 0, guided),
                        positive.narrow(2, guided, channels - guided)));
    }

    /**
     * The velocity of a step: a function for all steps of its adapters, and the index among them.
     */
    private record Prepared(Denoiser.Velocity velocity, int index) {}

    private List<Prepared> prepare(
            TextBatch text, List<DenoisingStep> steps, TokenGrid grid, float embeddedGuidance) {
        Map<Map<String, LowRank>, Denoiser.Velocity> velocities = new IdentityHashMap<>();
        Map<Map<String, LowRank>, Integer> counts = new IdentityHashMap<>();
        List<Prepared> result = new ArrayList<>();
        for (DenoisingStep step : steps) {
            Denoiser.Velocity velocity = velocities.get(step.adapters());
            if (velocity == null) {
                activate(step.adapters());
                velocity =
                        denoiser.prepare(
                                ops, text, sigmas(steps, step.adapters()), grid, embeddedGuidance);
                velocities.put(step.adapters(), velocity);
            }
            int index = counts.merge(step.adapters(), 1, Integer::sum) - 1;
            result.add(new Prepared(velocity, index));
        }
        return result;
    }

    private static float[] sigmas(List<DenoisingStep> steps, Map<String, LowRank> adapters) {
        List<DenoisingStep> mine = steps.stream().filter(s -> s.adapters() == adapters).toList();
        float[] sigmas = new float[mine.size()];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = mine.get(i).sigma();
        }
        return sigmas;
    }

    private void activate(Map<String, LowRank> adapters) {
        for (Map.Entry<String, Linear> entry : denoiser.linears().entrySet()) {
            entry.getValue().adapt(adapters.get(entry.getKey()));
        }
    }
}

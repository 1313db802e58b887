package glance.pipeline;

import glance.api.CancelledException;
import glance.lora.StepExperts;
import glance.model.Canvas;
import glance.model.Conditioning;
import glance.model.Conditioning.Place;
import glance.model.Denoiser;
import glance.model.text.TextBatch;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
import java.util.stream.Stream;

/**
 * The denoising loop: Euler steps along a plan, each under its own experts. Knows nothing of Slow
 * and Fast. Conditioning is computed for all steps and texts before the first step; a switch
 * between two steps swaps references, and copies strengths alone.
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
     * Computes the conditioning of all steps.
     *
     * @param texts batches of one size, to be drawn one after the other: prompts; with guidance,
     *     the negative prompts follow in the same order
     * @param canvas the size of the pictures, and what they look at
     * @return one for each batch, in the innermost scope
     */
    List<Conditioned> prepare(
            List<TextBatch> texts,
            List<DenoisingStep> steps,
            Canvas canvas,
            float embeddedGuidance) {
        List<StepExperts> experts = steps.stream().map(DenoisingStep::experts).toList();
        List<Conditioned> result =
                texts.stream()
                        .map(text -> denoiser.prediction(ops, text, canvas))
                        .map(prediction -> new Conditioned(experts, prediction))
                        .toList();
        for (StepExperts active : new LinkedHashSet<>(experts)) {
            float[] sigmas = sigmas(steps, active);
            List<Conditioning> own =
                    under(
                            active,
                            texts,
                            some ->
                                    denoiser.condition(
                                            ops, some, sigmas, canvas, embeddedGuidance));
            for (int i = 0; i < texts.size(); i++) {
                result.get(i).put(active, own.get(i));
            }
        }
        return result;
    }

    /**
     * What texts are conditioned as under experts; where those differ from sample to sample, the
     * samples of each are conditioned apart from the others.
     */
    private List<Conditioning> under(
            StepExperts active,
            List<TextBatch> texts,
            Function<List<TextBatch>, List<Conditioning>> condition) {
        List<StepExperts> shares = active.shares();
        if (shares.size() == 1) {
            active.use(ops);
            return ops.under(active.adapter(), () -> condition.apply(texts));
        }
        int batch = texts.get(0).batch();
        Map<StepExperts, List<Integer>> rows = new LinkedHashMap<>();
        for (int row = 0; row < batch; row++) {
            StepExperts own = shares.get(row * shares.size() / batch);
            rows.computeIfAbsent(own, key -> new ArrayList<>()).add(row);
        }
        try (Scope scope = ops.scope()) {
            List<Place[]> places =
                    Stream.generate(() -> new Place[batch]).limit(texts.size()).toList();
            rows.forEach(
                    (own, mine) -> {
                        own.use(ops);
                        List<TextBatch> some =
                                texts.stream().map(text -> text.rows(ops, mine)).toList();
                        List<Conditioning> made =
                                ops.under(own.adapter(), () -> condition.apply(some));
                        for (int i = 0; i < mine.size() * texts.size(); i++) {
                            int text = i / mine.size();
                            int at = i % mine.size();
                            places.get(text)[mine.get(at)] = new Place(made.get(text), at);
                        }
                    });
            List<Conditioning> result =
                    places.stream().map(own -> Conditioning.joined(ops, List.of(own))).toList();
            result.stream().flatMap(Conditioning::tensors).forEach(scope::keep);
            return result;
        }
    }

    /**
     * Runs all steps.
     *
     * @param conditioned from {@link #prepare} with the same steps
     * @param begin what the latents begin as
     * @param afterStep told the latents after each step, and the number of the step from 1
     * @return latents at the last sigma, in the enclosing scope
     */
    Tensor run(
            Conditioned conditioned,
            StartLatents begin,
            List<DenoisingStep> steps,
            Guidance guidance,
            ObjIntConsumer<Tensor> afterStep) {
        try (Scope scope = ops.scope()) {
            Tensor latents = begin.at(ops, steps.get(0).sigma(), denoiser);
            Stretch all = new Stretch(0, () -> false);
            run(conditioned, begin, latents, steps, guidance, afterStep, all);
            return scope.keep(latents);
        }
    }

    /**
     * Some of the steps.
     *
     * @param from index of the first
     * @param ends asked before each: whether it is left to another stretch
     */
    record Stretch(int from, BooleanSupplier ends) {}

    /**
     * Runs a stretch of the steps.
     *
     * @param latents at its beginning; changed in place
     * @return index of the step that is next; their number if there is none
     */
    int run(
            Conditioned conditioned,
            StartLatents begin,
            Tensor latents,
            List<DenoisingStep> steps,
            Guidance guidance,
            ObjIntConsumer<Tensor> afterStep,
            Stretch stretch) {
        try (Scope scope = ops.scope();
                Network network =
                        new Network(ops, conditioned, latents, guidance.isActive(), stretch.from)) {
            Adapter active = null;
            for (int i = stretch.from; i < steps.size(); i++) {
                if (listener.isCancelled()) {
                    throw new CancelledException();
                }
                if (stretch.ends.getAsBoolean()) {
                    return i;
                }
                DenoisingStep step = steps.get(i);
                long start = System.nanoTime();
                if (step.experts().adapter() != active) {
                    step.experts().use(ops);
                    if (active != null) {
                        listener.adapterSwitch((System.nanoTime() - start) * 1e-9);
                    }
                    active = step.experts().adapter();
                }
                try (Scope inner = ops.scope()) {
                    Tensor velocity = network.next(step.experts());
                    ops.copy(euler(latents, velocity, step, guidance), latents);
                    begin.keep(ops, latents, step.nextSigma());
                }
                // progress tells of steps that are done, and a cancelled run waits for one at most
                ops.device().synchronize();
                double seconds = (System.nanoTime() - start) * 1e-9;
                listener.step(i + 1, steps.size(), step.phase(), seconds);
                listener.latents(i + 1, latents);
                afterStep.accept(latents, i + 1);
            }
            return steps.size();
        }
    }

    /**
     * The latents after a step.
     *
     * @param velocity of the latents; with guidance, that of the negative prompts follows
     */
    private Tensor euler(Tensor latents, Tensor velocity, DenoisingStep step, Guidance guidance) {
        int batch = latents.dim(0);
        float dt = step.nextSigma() - step.sigma();
        if (!guidance.isActive()) {
            return ops.guidedEuler(latents, velocity, null, 1, false, 0, dt);
        }
        Tensor positive = velocity.narrow(0, 0, batch);
        return ops.guidedEuler(
                latents,
                positive,
                negative(positive, velocity.narrow(0, batch, batch)),
                guidance.scale(),
                guidance.rescale(),
                guidance.limit(),
                dt);
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

    private static float[] sigmas(List<DenoisingStep> steps, StepExperts experts) {
        List<DenoisingStep> mine = steps.stream().filter(s -> s.experts() == experts).toList();
        float[] sigmas = new float[mine.size()];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = mine.get(i).sigma();
        }
        return sigmas;
    }
}

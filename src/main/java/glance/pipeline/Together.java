package glance.pipeline;

import glance.api.CancelledException;
import glance.lora.RunExperts;
import glance.model.Denoiser;
import glance.model.text.TextBatch;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.pipeline.Drawing.Denoised;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Drawings whose pictures are made in the same forward passes, each under its own texts, from its
 * own noise and with its own experts. A drawing alone is a group of one.
 *
 * <pre>
 *   rows of a pass     drawing 0 | drawing 0 | drawing 1 | ... under the prompts
 *                      drawing 0 | drawing 0 | drawing 1 | ... under the negative prompts, if any
 * </pre>
 */
final class Together {
    private final Drawing first;
    private final Ops ops;
    private final Parts parts;
    private final Guidance guidance;
    private List<Drawing> drawings; // that are in the forward passes
    private List<DenoisingStep> steps;

    /**
     * @param drawings that join the first
     */
    Together(List<Drawing> drawings) {
        this.first = drawings.get(0);
        this.ops = first.pipeline().ops();
        this.parts = first.pipeline().parts();
        this.guidance = first.settings().guidance();
        set(drawings);
    }

    private void set(List<Drawing> some) {
        drawings = List.copyOf(some);
        steps = some.size() == 1 ? some.get(0).steps() : steps(some);
    }

    /** The steps of drawings that share forward passes. */
    static List<DenoisingStep> steps(List<Drawing> drawings) {
        Drawing first = drawings.get(0);
        int count = first.plan().steps().size();
        List<RunExperts> rows = new ArrayList<>();
        for (Drawing drawing : drawings) {
            rows.addAll(Collections.nCopies(drawing.settings().batch(), drawing.experts()));
        }
        Guidance guidance = first.settings().guidance();
        if (guidance.isActive()) {
            rows.addAll(
                    guidance.sparesNegative()
                            ? Collections.nCopies(rows.size(), RunExperts.none(count))
                            : List.copyOf(rows));
        }
        RunExperts all = first.pipeline().together(rows);
        return DenoisingStep.of(first.plan(), step -> all.of(step.number()))
                .subList(first.settings().firstStep() - 1, count);
    }

    /**
     * Makes all pictures, prompt by prompt. Of several prompts, all but the last are decoded beside
     * the transformer, so that their pictures are there early; where that does not fit, they are
     * decoded at the end, too.
     *
     * @param ends hears of each drawing once, unless an exception comes first
     * @throws glance.api.DeviceException if the device fails or has too little memory
     */
    void run(DrawingEnds ends) {
        Members members = new Members(drawings, ends);
        if (drawings.size() > 1) {
            members.together(drawings.size());
        }
        try (Scope scope = ops.scope()) {
            denoise(members);
            members.stage(Drawing.AUTOENCODER);
            members.finish();
        }
    }

    /** Makes the last latents of each prompt; of fewer prompts if all drawings have ended. */
    private void denoise(Members members) {
        members.stage(Drawing.TRANSFORMER);
        try (Scope outer = ops.scope()) {
            Denoiser denoiser = parts.denoiser();
            Sampler sampler = new Sampler(ops, denoiser, members);
            int prompts = first.settings().prompts().size();
            List<TextBatch> texts = new ArrayList<>();
            for (int prompt = 0; prompt < prompts; prompt++) {
                texts.add(text(prompt));
            }
            List<Drawing> prepared = drawings;
            List<Conditioned> conditioned = prepare(sampler, texts);
            if (!parts.keepsDenoiser()) {
                // the steps need neither the other, and together they might not fit
                denoiser.parameters().unloadConditioning();
            }
            denoiser.parameters().load();
            members.stage(Drawing.DENOISING);
            for (int prompt = 0; prompt < prompts; prompt++) {
                try (Scope scope = ops.scope()) {
                    Conditioned own =
                            drawings == prepared
                                    ? conditioned.get(prompt)
                                    : prepare(sampler, List.of(text(prompt))).get(0);
                    Tensor latents = latents(sampler, own, prompt, members);
                    members.add(outer.keep(scope.keep(latents)));
                } catch (CancelledException e) {
                    break; // all have ended
                }
                if (prompt + 1 < prompts) {
                    members.decodeBeside();
                }
            }
        } finally {
            parts.leaveCodec();
            parts.leaveDenoiser();
        }
    }

    private List<Conditioned> prepare(Sampler sampler, List<TextBatch> texts) {
        return sampler.prepare(texts, steps, first.canvas(), guidance.embedded());
    }

    /** Makes the last latents of a prompt; those who leave on the way take their rows along. */
    private Tensor latents(Sampler sampler, Conditioned all, int prompt, Members members) {
        Conditioned conditioned = all;
        StartLatents begin =
                StartLatents.joined(ops, drawings.stream().map(Drawing::begin).toList());
        Tensor latents = begin.at(ops, steps.get(0).sigma(), parts.denoiser());
        int next = 0;
        while (true) {
            // where the layers of the conditioning are gone, rows stay to the end
            BooleanSupplier ends = () -> parts.keepsDenoiser() && members.hasEmptyRows();
            next =
                    sampler.run(
                            conditioned,
                            begin,
                            latents,
                            steps,
                            guidance,
                            members::preview,
                            new Sampler.Stretch(next, ends));
            if (next == steps.size()) {
                return latents;
            }
            List<Integer> rows = members.closeRanks();
            set(members.drawings());
            begin = begin.rows(ops, rows);
            latents = StartLatents.rows(ops, latents, rows);
            conditioned = prepare(sampler, List.of(text(prompt))).get(0);
        }
    }

    private TextBatch text(int prompt) {
        List<TextBatch> texts = drawings.stream().map(each -> each.text(prompt)).toList();
        return TextBatch.joined(ops, texts, guidance.isActive() ? 2 : 1);
    }

    /**
     * Makes the latents of one prompt.
     *
     * @param seed of the start noise of every drawing, in place of that of the settings
     * @return of each drawing, with its share of the seconds
     * @throws CancelledException if the listener of the first asked for it
     * @throws IllegalStateException if the latents became NaN or infinite
     */
    List<Denoised> denoise(int prompt, long seed) {
        Denoiser denoiser = parts.denoiser();
        boolean stays = parts.keepsDenoiser();
        if (stays) {
            denoiser.parameters().load();
        }
        try (Scope inner = ops.scope()) {
            StartLatents begin =
                    StartLatents.joined(
                            ops, drawings.stream().map(each -> each.begin(seed)).toList());
            ops.device().synchronize();
            long start = System.nanoTime();
            Sampler sampler = new Sampler(ops, denoiser, first.listener());
            Conditioned conditioned =
                    sampler.prepare(
                                    List.of(text(prompt)),
                                    steps,
                                    first.canvas(),
                                    guidance.embedded())
                            .get(0);
            if (!stays) {
                start += loadForSteps(denoiser);
            }
            Tensor latents = sampler.run(conditioned, begin, steps, guidance, (tensor, step) -> {});
            double seconds = (System.nanoTime() - start) * 1e-9;
            FloatBuffer values = ops.host().floats(latents);
            NotFinite.check(values.duplicate(), NotFinite.LATENTS);
            int each = Math.toIntExact(latents.numel() / latents.dim(0));
            List<Denoised> result = new ArrayList<>();
            for (Drawing drawing : drawings) {
                int rows = drawing.settings().batch();
                float[] own = new float[rows * each];
                values.get(own);
                result.add(new Denoised(own, seconds * rows / latents.dim(0)));
            }
            return result;
        } finally {
            parts.leaveDenoiser();
        }
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
}

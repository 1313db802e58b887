package glance.pipeline;

import glance.model.Denoiser;
import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * What the latents of a run begin as: noise, or a picture's latents z under noise, {@code (1 -
 * sigma) z + sigma noise}, of which a mask keeps a part. Equals the image-to-image and inpainting
 * pipelines of diffusers.
 *
 * @param noise [batch, tokens, channels]
 * @param picture z, likewise; null without one
 * @param painted 1 where latents are painted, else 0, likewise; null for all
 */
record StartLatents(Tensor noise, Tensor picture, Tensor painted) {
    /** Noise alone. */
    StartLatents(Tensor noise) {
        this(noise, null, null);
    }

    /** Those of several drawings of a batch, all with the same parts: one after the other. */
    static StartLatents joined(Ops ops, List<StartLatents> drawings) {
        return drawings.size() == 1
                ? drawings.get(0)
                : new StartLatents(
                        joined(ops, drawings, StartLatents::noise),
                        joined(ops, drawings, StartLatents::picture),
                        joined(ops, drawings, StartLatents::painted));
    }

    private static Tensor joined(
            Ops ops, List<StartLatents> drawings, Function<StartLatents, Tensor> part) {
        return part.apply(drawings.get(0)) == null
                ? null
                : ops.concat(0, drawings.stream().map(part).toList());
    }

    /** Those of some samples. */
    StartLatents rows(Ops ops, List<Integer> rows) {
        return new StartLatents(
                rows(ops, noise, rows), rows(ops, picture, rows), rows(ops, painted, rows));
    }

    /** Some samples of a tensor, which may be null, in the innermost scope. */
    static Tensor rows(Ops ops, Tensor x, List<Integer> rows) {
        return x == null
                ? null
                : ops.concat(0, rows.stream().map(row -> x.narrow(0, row, 1)).toList());
    }

    /** The latents of the first step, in memory of their own. */
    Tensor at(Ops ops, float sigma, Denoiser denoiser) {
        if (picture != null) {
            return under(ops, sigma);
        }
        float scale = denoiser.startScale(sigma);
        return scale == 1 ? ops.pack(noise) : scaled(ops, noise, scale);
    }

    /**
     * Puts back what is kept.
     *
     * @param latents after a step; changed in place
     * @param sigma where the step ended; at 0 what is kept is z to the bit
     */
    void keep(Ops ops, Tensor latents, float sigma) {
        if (painted == null) {
            return;
        }
        try (Scope scope = ops.scope()) {
            Tensor made = ops.mul(latents, painted);
            Tensor minus = scaled(ops, painted, -1);
            Tensor kept = ops.add(minus, ops.host().floats(Shape.of(1), 1));
            Tensor own = sigma == 0 ? picture : under(ops, sigma);
            ops.copy(ops.add(made, ops.mul(own, kept)), latents);
        }
    }

    private Tensor under(Ops ops, float sigma) {
        return ops.add(scaled(ops, noise, sigma), scaled(ops, picture, 1 - sigma));
    }

    private static Tensor scaled(Ops ops, Tensor x, float factor) {
        return ops.mul(x, ops.host().floats(Shape.of(1), factor));
    }
}

package glance.ops;

import glance.op.Op;
import glance.tensor.Tensor;

/** Steps of the sampler. */
public sealed interface SamplerOps extends CopyOps permits Ops {
    /**
     * One step of the probability-flow ODE with classifier-free guidance: {@code latents + dt v}.
     * With a negative velocity n, {@code v} becomes {@code g = n + guidance (v - n)}, and with
     * {@code rescale} is brought back to the length that v had: {@code g |v| / |g|} per token (last
     * dimension). With a limit it is shortened where it is longer than {@code limit |v|}, both
     * lengths taken over the whole sample. Euler step of FlowMatchEulerDiscreteScheduler; guidance
     * of QwenImagePipeline (rescale) and ZImagePipeline (cfg_normalization, the limit).
     *
     * @param latents [batch, seqLen, channels]
     * @param velocity [batch, seqLen, channels]
     * @param negative [batch, seqLen, channels], or null for no guidance
     * @param limit 0 for none; not with rescale, which keeps the length
     * @param dt next sigma minus this sigma
     */
    default Tensor guidedEuler(
            Tensor latents,
            Tensor velocity,
            Tensor negative,
            float guidance,
            boolean rescale,
            float limit,
            float dt) {
        String op = "guidedEuler";
        Check.rank(op, "latents", latents, 3, "[batch, seqLen, channels]");
        Check.shape(op, "velocity", velocity, latents.shape(), "to match latents");
        if (negative != null) {
            Check.shape(op, "negative", negative, latents.shape(), "to match latents");
        }
        Check.that(!rescale || limit == 0, op, "rescale and limit exclude each other");
        Check.that(
                limit >= 0 && limit <= Float.MAX_VALUE,
                op,
                "limit must be a finite number, at least 0, got " + limit);
        Tensor out = empty(computeType(), latents.shape());
        run(
                new Op.GuidedEuler(
                        contiguous(latents),
                        contiguous(velocity),
                        negative == null ? null : contiguous(negative),
                        guidance,
                        rescale,
                        limit,
                        dt,
                        out));
        return out;
    }
}

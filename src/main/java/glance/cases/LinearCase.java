package glance.cases;

import glance.op.Activation;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.Arrays;

/**
 * {@link Ops#linear} on x [batch, seqLen, in], and its gradients.
 *
 * @param weight dtype of the weight [out, in]
 * @param rank of the adapter; 0 for none
 * @param lora dtype of the adapter's factors
 */
public record LinearCase(
        DType weight,
        int batch,
        int seqLen,
        int in,
        int out,
        Activation activation,
        int rank,
        DType lora,
        Part... parts) {
    private static final float SCALE = 0.75f;

    /** A power of two: S is rounded, and to the same numbers before and after it. */
    private static final float GRADIENT_SCALE = 0.5f;

    /** What else takes part. */
    public enum Part {
        BIAS,
        /** One gate per sample, a slice of a wider tensor as a modulation gives it. */
        GATE,
        /** One gate for all samples, likewise. */
        SHARED_GATE,
        RESIDUAL,
        /** x and the residual are parts of longer sequences. */
        STRIDED,
        /** The weight was written to the device, not adopted. */
        UPLOADED,
        /** Each rank of the adapter has a scale of its own. */
        SCALES
    }

    public LinearCase(DType weight, int batch, int seqLen, int in, int out, Part... parts) {
        this(weight, batch, seqLen, in, out, Activation.NONE, 0, null, parts);
    }

    /** The same, then an activation. */
    public LinearCase with(Activation other) {
        return new LinearCase(weight, batch, seqLen, in, out, other, rank, lora, parts);
    }

    /** The same with an adapter. */
    public LinearCase withLora(int size, DType dtype) {
        return new LinearCase(weight, batch, seqLen, in, out, activation, size, dtype, parts);
    }

    /** The product and what follows it, in one operation. */
    public Tensor forward(Arguments a) {
        int longer = has(Part.STRIDED) ? seqLen + 5 : seqLen;
        Tensor x = a.activation(batch, longer, in).narrow(1, longer - seqLen, seqLen);
        Tensor w = weight(a);
        DType vectors = weight.isFloating() ? weight : DType.F32;
        Tensor bias = has(Part.BIAS) ? a.weight(vectors, out) : null;
        Tensor residual =
                has(Part.RESIDUAL) ? a.activation(batch, longer, out).narrow(1, 0, seqLen) : null;
        Tensor gate = null;
        if (has(Part.GATE) || has(Part.SHARED_GATE)) {
            int samples = has(Part.GATE) ? batch : 1;
            gate = a.floats(samples, 6 * out).narrow(1, 2 * out, out);
        }
        return a.ops()
                .linear(x, w, bias, adapter(a, SCALE), new Epilogue(activation, gate, residual));
    }

    /** The product with an adapter in three launches; its strength is in b already. */
    public Tensor unfused(Arguments a) {
        Tensor x = a.activation(batch, seqLen, in);
        LowRank adapter = adapter(a, 1);
        Tensor plain = a.ops().linear(x, weight(a), null);
        Tensor low = a.ops().linear(x, adapter.a(), null);
        return a.ops().linear(low, adapter.b(), null, null, Epilogue.add(plain));
    }

    /**
     * Gradients of the product alone.
     *
     * @param input whether that towards x is wanted
     * @param factors whether those towards the factors of the adapter are
     */
    public TrainingOps.LinearGradients gradients(Arguments a, boolean input, boolean factors) {
        Tensor x = a.activation(batch, seqLen, in);
        Tensor dy = a.activation(batch, seqLen, out);
        Op.Linear forward =
                new Op.Linear(x, weight(a), null, adapter(a, GRADIENT_SCALE), Epilogue.none(), dy);
        return a.ops().training().linear(forward, dy, input, factors);
    }

    private boolean has(Part part) {
        return Arrays.asList(parts).contains(part);
    }

    private Tensor weight(Arguments a) {
        return has(Part.UPLOADED) ? a.floats(out, in) : a.weight(weight, out, in);
    }

    private LowRank adapter(Arguments a, float scale) {
        if (rank == 0) {
            return null;
        }
        Tensor down = a.weight(lora, rank, in);
        Tensor up = a.weight(lora, out, rank);
        Tensor scales = has(Part.SCALES) ? a.weight(DType.F32, rank) : null;
        return new LowRank(down, up, scale, scales);
    }

    @Override
    public String toString() {
        String name =
                String.format(
                        "%s [%d, %d, %d] to %d %s",
                        weight, batch, seqLen, in, out, Arrays.toString(parts));
        name += activation == Activation.NONE ? "" : " " + activation;
        return rank == 0 ? name : name + " lora " + lora + " rank " + rank;
    }
}

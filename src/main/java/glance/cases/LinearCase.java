package glance.cases;

import glance.op.Activation;
import glance.op.Addition;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.LowRanks;
import glance.op.Op;
import glance.op.Projection;
import glance.ops.Ops;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link Ops#linear} on x [batch, seqLen, in], and its gradients.
 *
 * @param weight dtype of the weight [out, in]
 * @param ranks of the adapter, or of that of each share of the samples, 0 for none; or empty
 * @param lora dtype of the adapter's factors
 */
public record LinearCase(
        DType weight,
        int batch,
        int seqLen,
        int in,
        int out,
        Activation activation,
        List<Integer> ranks,
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
        this(weight, batch, seqLen, in, out, Activation.NONE, List.of(), null, parts);
    }

    /** The same, then an activation. */
    public LinearCase with(Activation other) {
        return new LinearCase(weight, batch, seqLen, in, out, other, ranks, lora, parts);
    }

    /** The same with an adapter. */
    public LinearCase withLora(int rank, DType dtype) {
        return withLoras(dtype, rank);
    }

    /** The same with an adapter for each share of the samples, of these ranks; 0 for none. */
    public LinearCase withLoras(DType dtype, int... each) {
        List<Integer> sizes = Arrays.stream(each).boxed().toList();
        return new LinearCase(weight, batch, seqLen, in, out, activation, sizes, dtype, parts);
    }

    /** The product and what follows it, in one operation. */
    public Tensor forward(Arguments a) {
        Tensor x = x(a);
        Projection own = projection(a);
        return a.ops().linear(x, own.weight(), own.bias(), own.lora(), own.epilogue());
    }

    /** Several products in one operation, all of the x of the first. */
    public static List<Tensor> together(Arguments a, List<LinearCase> products) {
        Tensor x = products.get(0).x(a);
        return a.ops().linears(x, products.stream().map(one -> one.projection(a)).toList());
    }

    private int longer() {
        return has(Part.STRIDED) ? seqLen + 5 : seqLen;
    }

    private Tensor x(Arguments a) {
        return a.activation(batch, longer(), in).narrow(1, longer() - seqLen, seqLen);
    }

    private Projection projection(Arguments a) {
        Tensor w = weight(a);
        DType vectors = weight.isFloating() ? weight : DType.F32;
        Tensor bias = has(Part.BIAS) ? a.weight(vectors, out) : null;
        Tensor residual =
                has(Part.RESIDUAL) ? a.activation(batch, longer(), out).narrow(1, 0, seqLen) : null;
        Tensor gate = null;
        if (has(Part.GATE) || has(Part.SHARED_GATE)) {
            int samples = has(Part.GATE) ? batch : 1;
            gate = a.floats(samples, 6 * out).narrow(1, 2 * out, out);
        }
        Epilogue epilogue = new Epilogue(activation, gate, residual);
        return new Projection(w, bias, adapter(a, SCALE), epilogue);
    }

    /** The product with an adapter in three launches; its strength is in b already. */
    public Tensor unfused(Arguments a) {
        Tensor x = a.activation(batch, seqLen, in);
        LowRank adapter = (LowRank) adapter(a, 1);
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

    /** The shares have strengths of their own. */
    private Addition adapter(Arguments a, float scale) {
        List<LowRank> shares = new ArrayList<>();
        for (int rank : ranks) {
            shares.add(rank == 0 ? null : adapter(a, rank, scale / (1 + shares.size())));
        }
        return shares.isEmpty() ? null : LowRanks.of(shares);
    }

    private LowRank adapter(Arguments a, int rank, float scale) {
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
        name += ranks.isEmpty() ? "" : " lora " + lora + " rank " + ranks.get(0);
        return ranks.size() < 2 ? name : name + " of " + ranks;
    }
}

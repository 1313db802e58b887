package glance.nn;

import glance.backend.Epilogue;
import glance.backend.LowRank;
import glance.ops.Ops;
import glance.tensor.Tensor;

/**
 * {@code y = x W^T + bias}, with the low-rank addition of the active adapter. The weight is frozen
 * and never written: switching adapters replaces one reference.
 */
public final class Linear {
    private final Tensor weight; // (out, in)
    private final Tensor bias; // (out), or null
    private LowRank adapter;

    Linear(Tensor weight, Tensor bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /** The frozen weight, [out, in]. */
    public Tensor weight() {
        return weight;
    }

    /** Makes {@code adapter} the active one; null for none. */
    public void adapt(LowRank adapter) {
        this.adapter = adapter;
    }

    /** {@code x W^T + bias + adapter}; x [..., in], result [..., out]. */
    public Tensor forward(Ops ops, Tensor x) {
        return forward(ops, x, Epilogue.none());
    }

    /**
     * The same with an epilogue; see {@link Ops#linear(Tensor, Tensor, Tensor, LowRank, Epilogue)}.
     */
    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        return ops.linear(x, weight, bias, adapter, epilogue);
    }
}

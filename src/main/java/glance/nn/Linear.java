package glance.nn;

import glance.backend.Epilogue;
import glance.backend.LowRank;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code y = x W^T + bias}, with the low-rank addition of the active adapter. The weight is frozen
 * and never written: switching adapters replaces one reference.
 */
public final class Linear {
    private final Weight weight; // (out, in)
    private final Weight bias; // (out), or null
    private LowRank adapter;

    Linear(Weight weight, Weight bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /** Layers of one part of a model, by the part's name, a dot, and their own; a new map. */
    public static Map<String, Linear> in(String part, Map<String, Linear> linears) {
        Map<String, Linear> named = new LinkedHashMap<>();
        linears.forEach((name, linear) -> named.put(part + "." + name, linear));
        return named;
    }

    /** Makes the adapter of each layer the active one, and none where there is none. */
    public static void adapt(Map<String, Linear> linears, Map<String, LowRank> adapters) {
        linears.forEach((name, linear) -> linear.adapt(adapters.get(name)));
    }

    /** Shape of the weight, [out, in]. */
    public Shape shape() {
        return weight.shape();
    }

    /** The frozen weight, [out, in], on the device. */
    public Tensor weight() {
        return weight.tensor();
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
        return ops.linear(
                x, weight.tensor(), bias == null ? null : bias.tensor(), adapter, epilogue);
    }
}

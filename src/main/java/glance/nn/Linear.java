package glance.nn;

import glance.op.Epilogue;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code y = x W^T + bias}, with what the active adapter ({@link Ops#under}) adds to it. The weight
 * is frozen and never written.
 */
public final class Linear {
    private final String name;
    private final Weight weight; // (out, in)
    private final Weight bias; // (out), or null

    Linear(String name, Weight weight, Weight bias) {
        this.name = name;
        this.weight = weight;
        this.bias = bias;
    }

    /** Layers of one part of a model, by the part's name, a dot, and their own; a new map. */
    public static Map<String, Linear> in(String part, Map<String, Linear> linears) {
        Map<String, Linear> named = new LinkedHashMap<>();
        linears.forEach((name, linear) -> named.put(part + "." + name, linear));
        return named;
    }

    /** Shape of the weight, [out, in]. */
    public Shape shape() {
        return weight.shape();
    }

    /** The frozen weight, [out, in], on the device. */
    public Tensor weight() {
        return weight.tensor();
    }

    /** {@code x W^T + bias} and the adapter's part; x [..., in], result [..., out]. */
    public Tensor forward(Ops ops, Tensor x) {
        return forward(ops, x, Epilogue.none());
    }

    /**
     * The same with an epilogue; see {@link Ops#linear(Tensor, Tensor, Tensor, LowRank, Epilogue)}.
     */
    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        return ops.linear(
                x,
                weight.tensor(),
                bias == null ? null : bias.tensor(),
                ops.adapter().of(name),
                epilogue);
    }
}

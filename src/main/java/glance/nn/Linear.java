package glance.nn;

import glance.io.HostTensor;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code y = x W^T + bias}, with what the active adapter ({@link Ops#under}) makes of it:
 *
 * <pre>
 * y = c * (x (W + B A)^T) + bias      c of each row, or 1; W and bias may be others
 * </pre>
 *
 * The weight is frozen and never written.
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

    /**
     * A parameter of one of these layers as in the checkpoint, by the layer's name and {@code
     * .weight} or {@code .bias}; null if none has it.
     */
    public static HostTensor stored(Map<String, Linear> linears, String parameter) {
        int dot = parameter.lastIndexOf('.');
        Linear linear = linears.get(parameter.substring(0, dot));
        Weight weight = parameter.endsWith(".bias") ? linear.bias : linear.weight;
        return weight == null ? null : weight.stored();
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
        Tensor w = weight.in(ops);
        Tensor b = bias == null ? ops.adapter().instead(name + ".bias") : bias.in(ops);
        LowRank lora = ops.adapter().of(name);
        Tensor rowScale = ops.adapter().rowScale(name);
        return rowScale == null
                ? ops.linear(x, w, b, lora, epilogue)
                : scaled(ops, x, w, b, lora, rowScale, epilogue);
    }

    /** The scale is the gate of the product; the bias was divided by it. */
    private Tensor scaled(
            Ops ops,
            Tensor x,
            Tensor w,
            Tensor b,
            LowRank lora,
            Tensor rowScale,
            Epilogue epilogue) {
        Tensor tokens =
                x.rank() == 3
                        ? x
                        : ops.contiguous(x).reshape(1, (int) (x.numel() / x.dim(-1)), x.dim(-1));
        Tensor y = ops.linear(tokens, w, b, lora, Epilogue.gated(rowScale, null));
        return ops.then(y.reshape(x.shape().with(-1, w.dim(0)).dims()), epilogue);
    }
}

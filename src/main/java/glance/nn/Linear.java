package glance.nn;

import glance.io.HostTensor;
import glance.io.Scaling;
import glance.op.Addition;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.LowRanks;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code y = x W^T + bias}, with what the active adapter ({@link Ops#under}) makes of it:
 *
 * <pre>
 * y = c * (x (W + B A)^T) + bias      c of each row, or 1; W and bias may be others
 * </pre>
 *
 * A weight that is stored as W' = W R / c, with scales c of its rows and a rotation R R = I ({@link
 * glance.io.Scaling}), stays as it is stored:
 *
 * <pre>
 * y = c * ((x R) (W' + (B / c) (A R))^T + bias / c)
 * </pre>
 *
 * The weight is frozen and never written.
 */
public final class Linear {
    private final String name;
    private final Weight weight; // (out, in)
    private final Weight bias; // (out), or null

    private final Scaled scaled; // null if the values of the weight are those that are stored

    /**
     * The weight is a stored one with scales, and may be rotated.
     *
     * @param scales the scale c of each row, F32 [out]
     * @param inverse 1 / c of each row, F32 [out]; null where all rows have one scale
     * @param bias over the scales; null without a bias
     */
    record Scaled(Scaling scaling, Weight scales, Weight inverse, Weight bias) {
        Tensor gate() {
            Tensor rows = scales.tensor();
            return rows.reshape(1, rows.dim(0));
        }

        Tensor input(Ops ops, Tensor x) {
            return scaling.group() == 1 ? x : ops.rotate(x, scaling.group(), null);
        }

        /** An addition for the rotated input, which the gate will multiply too. */
        Addition over(Ops ops, Addition addition) {
            if (addition == null) {
                return null;
            }
            List<LowRank> over = new ArrayList<>();
            for (LowRank lora : addition.shares()) {
                over.add(lora == null ? null : over(ops, lora));
            }
            return LowRanks.of(over);
        }

        private LowRank over(Ops ops, LowRank lora) {
            Tensor a = input(ops, lora.a());
            return scaling.isUniform()
                    ? new LowRank(a, lora.b(), lora.scale() / scaling.scale(0), lora.scales())
                    : new LowRank(
                            a,
                            ops.rotate(lora.b(), 1, inverse.tensor()),
                            lora.scale(),
                            lora.scales());
        }
    }

    Linear(String name, Weight weight, Weight bias, Scaled scaled) {
        this.name = name;
        this.weight = weight;
        this.bias = bias;
        this.scaled = scaled;
    }

    /** How the values of the weight come out of the stored ones. */
    public Scaling scaling() {
        return scaled == null ? Scaling.NONE : scaled.scaling();
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
     * The same with an epilogue; see {@link Ops#linear(Tensor, Tensor, Tensor, Addition,
     * Epilogue)}.
     */
    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        Adapter adapter = ops.adapter();
        Tensor changed = adapter.instead(name + ".weight");
        Scaled own = changed == null ? scaled : null;
        Tensor w = changed == null ? weight.tensor() : changed;
        Tensor input = own == null ? x : own.input(ops, x);
        Addition lora = own == null ? adapter.of(name) : own.over(ops, adapter.of(name));
        Tensor rowScale = adapter.rowScale(name);
        Tensor b = adapter.instead(name + ".bias");
        if (b == null && bias != null) {
            b = own == null || rowScale != null ? bias.tensor() : own.bias().tensor();
        }
        Tensor gate = rowScale == null && own != null ? own.gate() : rowScale;
        return gate == null
                ? ops.linear(input, w, b, lora, epilogue)
                : gated(ops, input, w, b, lora, gate, epilogue);
    }

    /** The scale of rows is the gate of the product; the bias was divided by it. */
    private static Tensor gated(
            Ops ops, Tensor x, Tensor w, Tensor b, Addition lora, Tensor gate, Epilogue epilogue) {
        Tensor tokens =
                x.rank() == 3
                        ? x
                        : ops.contiguous(x).reshape(1, (int) (x.numel() / x.dim(-1)), x.dim(-1));
        Tensor y;
        if (ops.isRecorded()) {
            Tensor product = ops.linear(tokens, w, b, lora, Epilogue.none());
            Tensor zeros = ops.training().zeros(ops.computeType(), product.shape());
            y = ops.gateResidual(zeros, gate, product);
        } else {
            y = ops.linear(tokens, w, b, lora, Epilogue.gated(gate, null));
        }
        return ops.then(y.reshape(x.shape().with(-1, w.dim(0)).dims()), epilogue);
    }
}

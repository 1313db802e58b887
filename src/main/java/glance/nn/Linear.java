package glance.nn;

import glance.io.HostTensor;
import glance.io.Scaling;
import glance.op.Addition;
import glance.op.Epilogue;
import glance.op.LowRank;
import glance.op.LowRanks;
import glance.op.Projection;
import glance.ops.Adapter;
import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
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
        return product(ops, new Inputs(ops, x), epilogue).run(ops);
    }

    /** The same for a norm that nothing else reads. */
    public Tensor forward(Ops ops, Modulated input, Epilogue epilogue) {
        return Projections.of(this).forward(ops, input, List.of(epilogue)).get(0);
    }

    /** One input as layers read it: as it is, or rotated in groups of columns. */
    static final class Inputs {
        private final Ops ops;
        private final Tensor x;
        private final Map<Integer, Tensor> rotated = new HashMap<>();

        Inputs(Ops ops, Tensor x) {
            this.ops = ops;
            this.x = x;
        }

        private Tensor of(Scaled own) {
            int group = own == null ? 1 : own.scaling().group();
            return group == 1 ? x : rotated.computeIfAbsent(group, g -> own.input(ops, x));
        }
    }

    /** What a layer computes under the active adapter, of the input as the layer reads it. */
    Product product(Ops ops, Inputs inputs, Epilogue epilogue) {
        Adapter adapter = ops.adapter();
        Tensor changed = adapter.instead(name + ".weight");
        Scaled own = changed == null ? scaled : null;
        Tensor w = changed == null ? weight.tensor() : changed;
        Tensor input = inputs.of(own);
        Addition lora = own == null ? adapter.of(name) : own.over(ops, adapter.of(name));
        Tensor rowScale = adapter.rowScale(name);
        Tensor b = adapter.instead(name + ".bias");
        if (b == null && bias != null) {
            b = own == null || rowScale != null ? bias.tensor() : own.bias().tensor();
        }
        Tensor gate = rowScale == null && own != null ? own.gate() : rowScale;
        return new Product(input, new Projection(w, b, lora, epilogue), gate);
    }

    /**
     * A product and what follows it.
     *
     * @param gate scales of the rows of the weight, by which the bias was divided; null for ones
     */
    record Product(Tensor input, Projection all, Tensor gate) {
        Tensor run(Ops ops) {
            Tensor tokens = tokens(ops);
            Projection own = projection(ops);
            return finish(
                    ops, ops.linear(tokens, own.weight(), own.bias(), own.lora(), own.epilogue()));
        }

        /** Whether the operation reads the input itself, and can be one with others that do. */
        boolean joins() {
            return gate == null || input.rank() == 3;
        }

        /** The rows, by samples where there is a gate. */
        private Tensor tokens(Ops ops) {
            return joins()
                    ? input
                    : ops.contiguous(input)
                            .reshape(1, (int) (input.numel() / input.dim(-1)), input.dim(-1));
        }

        /** What one operation does. */
        Projection projection(Ops ops) {
            if (gate == null) {
                return all;
            }
            Epilogue scaled = ops.isRecorded() ? Epilogue.none() : Epilogue.gated(gate, null);
            return new Projection(all.weight(), all.bias(), all.lora(), scaled);
        }

        /** What is left to do after {@link #projection}, whose result y is. */
        Tensor finish(Ops ops, Tensor y) {
            if (gate == null) {
                return y;
            }
            Tensor scaled = y;
            if (ops.isRecorded()) {
                Tensor zeros = ops.training().zeros(ops.computeType(), y.shape());
                scaled = ops.gateResidual(zeros, gate, y);
            }
            int[] result = input.shape().with(-1, all.weight().dim(0)).dims();
            return ops.then(scaled.reshape(result), all.epilogue());
        }
    }
}

package glance.autograd;

import glance.op.LowRank;
import glance.op.Op;
import glance.ops.Ops;
import glance.ops.TrainingOps;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All gradient rules. Notation: y is the result, dy its gradient, and the gradient of an argument x
 * is dx; sums over a dimension that an argument was broadcast along are implied.
 */
final class Rules {
    private static final Map<Class<? extends Op>, Rule<?>> TABLE = new HashMap<>();

    static {
        put(Op.Linear.class, Rules::linear);
        put(Op.Attention.class, Rules::attention);
        put(Op.HeadNormRope.class, Rules::headNormRope);
        // y = x / rms(x) * w: dx = (w dy - x mean(x w dy) / rms^2) / rms
        put(Op.RmsNorm.class, (op, dy, g, ops) -> g.add(op.x(), ops.training().rmsNorm(op, dy)));
        put(Op.LayerNorm.class, Rules::layerNorm);
        put(Op.GateResidual.class, Rules::gateResidual);
        put(Op.Unary.class, Rules::unary);
        put(Op.GatedActivation.class, Rules::gatedActivation);
        put(Op.Binary.class, Rules::binary);
        put(Op.Rotate.class, Rules::rotate);
        // a copy passes the gradient on
        put(Op.Copy.class, (op, dy, g, ops) -> g.add(op.x(), dy));
    }

    private Rules() {}

    private static <O extends Op> void put(Class<O> kind, Rule<O> rule) {
        TABLE.put(kind, rule);
    }

    /** The operations that have a rule. */
    static Set<Class<? extends Op>> kinds() {
        return Set.copyOf(TABLE.keySet());
    }

    /**
     * The rule of an operation.
     *
     * @throws UnsupportedOperationException if it has none
     */
    @SuppressWarnings("unchecked") // put() pairs each class with a rule of that class
    static <O extends Op> Rule<O> of(O op) {
        Rule<O> rule = (Rule<O>) TABLE.get(op.getClass());
        if (rule == null) {
            throw new UnsupportedOperationException(
                    "no gradient rule for " + op.getClass().getSimpleName());
        }
        return rule;
    }

    /**
     * y = x W^T + s (x A^T) B^T: dx = dy W + s (dy B) A, dB = s dy^T (x A^T), dA = s (dy B)^T x. W
     * and bias are frozen.
     */
    private static void linear(Op.Linear op, Tensor dy, Gradients g, Ops ops) {
        boolean input = g.wants(op.x());
        boolean factors =
                op.loras().stream()
                        .anyMatch(lora -> lora != null && (g.wants(lora.a()) || g.wants(lora.b())));
        TrainingOps.LinearGradients gradients = ops.training().linear(op, dy, input, factors);
        if (input) {
            g.add(op.x(), gradients.x());
        }
        if (factors) {
            LowRank lora = op.loras().get(0);
            g.add(lora.a(), gradients.a());
            g.add(lora.b(), gradients.b());
        }
    }

    /** From the saved log-sum-exp; formula at {@link glance.op.TrainingOp.AttentionGrad}. */
    private static void attention(Op.Attention op, Tensor dy, Gradients g, Ops ops) {
        List<Tensor> gradients = ops.training().attention(op, dy);
        g.add(op.q(), gradients.get(0));
        g.add(op.k(), gradients.get(1));
        g.add(op.v(), gradients.get(2));
    }

    /** The rotation is undone by the opposite angle; then the rule of RMSNorm for each head. */
    private static void headNormRope(Op.HeadNormRope op, Tensor dy, Gradients g, Ops ops) {
        List<Tensor> gradients = ops.training().headNormRope(op, dy);
        for (int i = 0; i < gradients.size(); i++) {
            g.add(op.streams().get(i), gradients.get(i));
        }
    }

    /**
     * y = n (1 + scale) + shift with n = (x - mean) / std: with dn = dy (1 + scale), dx = (dn -
     * mean(dn) - n mean(dn n)) / std, dScale = sum dy n, dShift = sum dy.
     */
    private static void layerNorm(Op.LayerNorm op, Tensor dy, Gradients g, Ops ops) {
        boolean modulation = g.wants(op.scale()) || g.wants(op.shift());
        TrainingOps.LayerNormGradients gradients = ops.training().layerNorm(op, dy, modulation);
        g.add(op.x(), gradients.x());
        if (modulation) {
            g.add(op.scale(), gradients.scale());
            g.add(op.shift(), gradients.shift());
        }
    }

    /** y = r + gate x: dr = dy, dx = gate dy, dGate = sum x dy. */
    private static void gateResidual(Op.GateResidual op, Tensor dy, Gradients g, Ops ops) {
        g.add(op.residual(), dy);
        if (g.wants(op.y()) || g.wants(op.gate())) {
            TrainingOps.GateGradients gradients =
                    ops.training().gateResidual(op, dy, g.wants(op.gate()));
            g.add(op.y(), gradients.y());
            g.add(op.gate(), gradients.gate());
        }
    }

    /** y = act(x): dx = act'(x) dy. */
    private static void unary(Op.Unary op, Tensor dy, Gradients g, Ops ops) {
        g.add(op.x(), ops.training().activation(op.activation(), op.x(), dy));
    }

    /** y = act(gate) up: dUp = act(gate) dy, dGate = act'(gate) up dy. */
    private static void gatedActivation(Op.GatedActivation op, Tensor dy, Gradients g, Ops ops) {
        if (g.wants(op.up())) {
            g.add(op.up(), ops.mul(dy, ops.activation(op.activation(), op.gate())));
        }
        if (g.wants(op.gate())) {
            Tensor dAct = ops.mul(dy, op.up());
            g.add(op.gate(), ops.training().activation(op.activation(), op.gate(), dAct));
        }
    }

    /** y = scales x R with a symmetric R: dx = scales dy R. */
    private static void rotate(Op.Rotate op, Tensor dy, Gradients g, Ops ops) {
        g.add(op.x(), ops.rotate(dy, op.group(), op.scales()));
    }

    /** y = a + b: da = dy, db = dy; y = a b: da = b dy, db = a dy. */
    private static void binary(Op.Binary op, Tensor dy, Gradients g, Ops ops) {
        boolean add = op.kind() == Op.Binary.Kind.ADD;
        if (g.wants(op.a())) {
            g.add(op.a(), add ? dy : ops.mul(dy, op.b()));
        }
        if (g.wants(op.b())) {
            g.add(op.b(), summedTo(op.b().shape(), add ? dy : ops.mul(dy, op.a()), ops));
        }
    }

    /** Sums of what an operand of a smaller shape was broadcast along. */
    private static Tensor summedTo(Shape shape, Tensor gradient, Ops ops) {
        if (shape.equals(gradient.shape())) {
            return gradient;
        }
        Tensor terms = ops.contiguous(gradient).reshape(-1, Math.toIntExact(shape.numel()));
        return ops.training().sumRows(terms).reshape(shape.dims());
    }
}

package glance.autograd;

import glance.formula.Activations64;
import glance.formula.Arithmetic;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.parity.HostArray;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Operations element by element, gates, and copies. */
final class PointwiseGradients {
    private static final Arithmetic EXACT = Arithmetic.exact();
    private final List<GradientCase> cases = new ArrayList<>();

    static List<GradientCase> all() {
        PointwiseGradients table = new PointwiseGradients();
        table.pointwise();
        return table.cases;
    }

    private void pointwise() {
        for (Activation activation : Activation.values()) {
            if (activation == Activation.NONE) {
                continue;
            }
            int[] shape = {2, 3, 37};
            cases.add(
                    new GradientCase(
                            "activation " + activation,
                            Op.Unary.class,
                            List.of(shape),
                            1,
                            (ops, x, c) -> ops.activation(activation, x.get(0)),
                            (x, c) ->
                                    References.map(
                                            x.get(0),
                                            v -> Activations64.apply(EXACT, activation, v))));
        }
        cases.add(
                new GradientCase(
                        "gated activation",
                        Op.GatedActivation.class,
                        List.of(new int[] {1, 5, 19}, new int[] {1, 5, 19}),
                        1,
                        (ops, x, c) -> ops.gatedActivation(Activation.SILU, x.get(0), x.get(1)),
                        (x, c) ->
                                References.zip(
                                        x.get(0),
                                        x.get(1),
                                        (g, u) ->
                                                u
                                                        * Activations64.apply(
                                                                EXACT, Activation.SILU, g))));
        gate(2, 7, 17, 2);
        gate(2, 113, 5, 1);
        gate(1, 1, 1, 1);
        for (boolean add : new boolean[] {true, false}) {
            binary(add, new int[] {2, 3, 5}, true);
            for (boolean wanted : new boolean[] {false, true}) {
                binary(add, new int[] {5}, wanted);
                binary(add, new int[] {1, 1, 1}, wanted);
            }
        }
        copies();
    }

    private void gate(int batch, int seqLen, int dim, int vectors) {
        int[] tokens = {batch, seqLen, dim};
        cases.add(
                new GradientCase(
                        "gate residual [%d, %d, %d], %d gates"
                                .formatted(batch, seqLen, dim, vectors),
                        Op.GateResidual.class,
                        List.of(tokens, new int[] {vectors, dim}, tokens),
                        batch * seqLen,
                        (ops, x, c) -> ops.gateResidual(x.get(0), x.get(1), x.get(2)),
                        (x, c) -> {
                            HostArray y = HostArray.zeros(tokens);
                            for (int i = 0; i < y.values().length; i++) {
                                double g = References.perSample(x.get(1), seqLen, dim, i);
                                y.values()[i] = x.get(0).get(i) + g * x.get(2).get(i);
                            }
                            return y;
                        }));
    }

    private void binary(boolean add, int[] other, boolean wanted) {
        int[] shape = {2, 3, 5};
        cases.add(
                new GradientCase(
                        "%s %s, gradient %b"
                                .formatted(add ? "add" : "mul", Arrays.toString(other), wanted),
                        Op.Binary.class,
                        wanted ? List.of(shape, other) : List.of(shape),
                        HostArray.size(shape),
                        (ops, x, c) -> {
                            Tensor b = wanted ? x.get(1) : c.on(ops, "b", other);
                            return add ? ops.add(x.get(0), b) : ops.mul(x.get(0), b);
                        },
                        (x, c) ->
                                References.zip(
                                        x.get(0),
                                        wanted ? x.get(1) : c.host("b", other),
                                        add ? Double::sum : (a, b) -> a * b)));
    }

    /** Views: a transposed copy, parts of one tensor, joined parts, and one tensor used twice. */
    private void copies() {
        cases.add(
                new GradientCase(
                        "copy of a transposed part",
                        Op.Copy.class,
                        List.of(new int[] {3, 5, 7}),
                        1,
                        (ops, x, c) -> ops.contiguous(x.get(0).narrow(2, 1, 4).permute(2, 0, 1)),
                        (x, c) -> x.get(0).narrow(2, 1, 4).permute(2, 0, 1)));
        cases.add(
                new GradientCase(
                        "concat, one part twice",
                        Op.Copy.class,
                        List.of(new int[] {2, 3, 5}, new int[] {2, 1, 5}),
                        2,
                        (ops, x, c) ->
                                ops.concat(
                                        1,
                                        List.of(
                                                ops.concat(1, List.of(x.get(0), x.get(1))),
                                                x.get(0))),
                        (x, c) ->
                                References.joined(
                                        References.joined(x.get(0), x.get(1)), x.get(0))));
        cases.add(
                new GradientCase(
                        "cast",
                        Op.Copy.class,
                        List.of(new int[] {2, 3}),
                        1,
                        (ops, x, c) -> ops.contiguous(ops.cast(x.get(0), DType.F32).permute(1, 0)),
                        (x, c) -> x.get(0).permute(1, 0)));
    }
}

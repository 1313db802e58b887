package glance.autograd;

import glance.op.Activation;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Operations element by element, gates, and copies. */
final class PointwiseGradients {
    private PointwiseGradients() {}

    static Stream<GradientCase> all() {
        List<GradientCase> cases = new ArrayList<>();
        for (Activation activation : Activation.values()) {
            if (activation != Activation.NONE) {
                cases.add(
                        new GradientCase(
                                "activation " + activation,
                                Op.Unary.class,
                                List.of(new int[] {2, 3, 37}),
                                1,
                                (a, x) -> a.ops().activation(activation, x.get(0))));
            }
        }
        cases.add(
                new GradientCase(
                        "gated activation",
                        Op.GatedActivation.class,
                        List.of(new int[] {1, 5, 19}, new int[] {1, 5, 19}),
                        1,
                        (a, x) -> a.ops().gatedActivation(Activation.SILU, x.get(0), x.get(1))));
        cases.add(gate(2, 7, 17, 2));
        cases.add(gate(2, 113, 5, 1));
        cases.add(gate(1, 1, 1, 1));
        cases.add(
                new GradientCase(
                        "rotate [3, 32] in groups of 16, with scales",
                        Op.Rotate.class,
                        List.of(new int[] {3, 32}),
                        16,
                        (a, x) -> a.ops().rotate(x.get(0), 16, a.floats(3))));
        for (boolean add : new boolean[] {true, false}) {
            cases.add(binary(add, new int[] {2, 3, 5}, true));
            for (boolean wanted : new boolean[] {false, true}) {
                cases.add(binary(add, new int[] {5}, wanted));
                cases.add(binary(add, new int[] {1, 1, 1}, wanted));
            }
        }
        return Stream.concat(cases.stream(), copies());
    }

    private static GradientCase gate(int batch, int seqLen, int dim, int vectors) {
        int[] tokens = {batch, seqLen, dim};
        return new GradientCase(
                "gate residual [%d, %d, %d], %d gates".formatted(batch, seqLen, dim, vectors),
                Op.GateResidual.class,
                List.of(tokens, new int[] {vectors, dim}, tokens),
                batch * seqLen,
                (a, x) -> a.ops().gateResidual(x.get(0), x.get(1), x.get(2)));
    }

    private static GradientCase binary(boolean add, int[] other, boolean wanted) {
        int[] shape = {2, 3, 5};
        return new GradientCase(
                "%s %s, gradient %b".formatted(add ? "add" : "mul", Arrays.toString(other), wanted),
                Op.Binary.class,
                wanted ? List.of(shape, other) : List.of(shape),
                (int) Shape.of(shape).numel(),
                (a, x) -> {
                    Tensor b = wanted ? x.get(1) : a.floats(other);
                    return add ? a.ops().add(x.get(0), b) : a.ops().mul(x.get(0), b);
                });
    }

    /** Views: a transposed copy, parts of one tensor, joined parts, and one tensor used twice. */
    private static Stream<GradientCase> copies() {
        return Stream.of(
                new GradientCase(
                        "copy of a transposed part",
                        Op.Copy.class,
                        List.of(new int[] {3, 5, 7}),
                        1,
                        (a, x) -> a.ops().contiguous(x.get(0).narrow(2, 1, 4).permute(2, 0, 1))),
                new GradientCase(
                        "concat, one part twice",
                        Op.Copy.class,
                        List.of(new int[] {2, 3, 5}, new int[] {2, 1, 5}),
                        2,
                        (a, x) -> {
                            Tensor joined = a.ops().concat(1, x);
                            return a.ops().concat(1, List.of(joined, x.get(0)));
                        }),
                new GradientCase(
                        "cast",
                        Op.Copy.class,
                        List.of(new int[] {2, 3}),
                        1,
                        (a, x) ->
                                a.ops()
                                        .contiguous(
                                                a.ops().cast(x.get(0), DType.F32).permute(1, 0))));
    }
}

package glance.ops.parity;

import glance.formula.Activations64;
import glance.formula.PointwiseFormula;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;

/**
 * {@link Ops#activation}, {@link Ops#gatedActivation}, {@link Ops#add}, {@link Ops#mul} and {@link
 * Ops#gateResidual}.
 */
final class PointwiseCases {
    private PointwiseCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        for (Activation activation : Activation.values()) {
            for (int[] dims : new int[][] {{1}, {7}, {16}, {17}, {2, 3, 31}, {5, 0, 3}}) {
                cases.add(activation(activation, dims));
            }
            cases.add(activationOfExtremes(activation));
            cases.add(activationOfTransposed(activation));
            cases.add(gated(activation, 2, 5, 33));
            cases.add(gatedHalves(activation));
        }
        for (boolean product : new boolean[] {false, true}) {
            for (int size : Sizes.edges()) {
                cases.add(binary(product, new int[] {3, size}, new int[] {size}));
            }
            cases.add(binary(product, new int[] {2, 3, 17}, new int[] {2, 3, 17}));
            cases.add(binary(product, new int[] {2, 3, 17}, new int[] {1}));
            cases.add(binary(product, new int[] {2, 3, 17}, new int[] {1, 1, 1}));
            cases.add(binary(product, new int[] {2, 3, 17}, new int[] {}));
            cases.add(binary(product, new int[] {}, new int[] {}));
            cases.add(binary(product, new int[] {2, 0, 17}, new int[] {17}));
            cases.add(binaryOfTransposed(product));
        }
        for (int size : Sizes.edges()) {
            cases.add(gateResidual(2, 2, 3, size));
        }
        cases.add(gateResidual(1, 3, 5, 24));
        cases.add(gateResidual(1, 1, 1, 1));
        cases.add(gateResidual(2, 2, 0, 8));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(
                activation(Activation.GELU_TANH, 3, 113, 203),
                gated(Activation.SILU, 3, 113, 203),
                binary(false, new int[] {3, 113, 203}, new int[] {203}),
                binary(true, new int[] {3, 113, 203}, new int[] {3, 113, 203}),
                gateResidual(3, 3, 113, 203));
    }

    private static OpCase activation(Activation activation, int... dims) {
        return new OpCase(
                "activation " + activation + " " + Arrays.toString(dims),
                inputs -> activation(inputs, activation, inputs.activation(dims)));
    }

    /** Where exponentials overflow, vanish, or cancel. */
    private static OpCase activationOfExtremes(Activation activation) {
        double[] values = {
            0, -0.0, 1e-20, -1e-20, 1e-4, -1e-4, 1, -1, 3, -3, 6, -6, 10, -10, 20, -20, 50, -50, 88,
            -88, 104, -104, 700, -700, 1e5, -1e5
        };
        return new OpCase(
                "activation " + activation + " of small and large numbers",
                inputs ->
                        activation(
                                inputs,
                                activation,
                                inputs.upload(
                                        inputs.ops().computeType(),
                                        new HostArray(new int[] {values.length}, values))));
    }

    private static OpCase activationOfTransposed(Activation activation) {
        return new OpCase(
                "activation " + activation + " of [5, 3, 4] permuted",
                inputs -> {
                    Operand x = inputs.activation(5, 3, 4).permute(2, 0, 1);
                    return activation(inputs, activation, x);
                });
    }

    private static Trial activation(Inputs inputs, Activation activation, Operand x) {
        return Trial.of(
                () -> inputs.ops().activation(activation, x.tensor()),
                PointwiseFormula.unary(
                        new Op.Unary(activation, x.tensor(), null), Operand.values(x)),
                x.host().dims());
    }

    private static OpCase gated(Activation activation, int... dims) {
        return new OpCase(
                "gatedActivation " + activation + " " + Arrays.toString(dims),
                inputs ->
                        gated(
                                inputs,
                                activation,
                                inputs.activation(dims),
                                inputs.activation(dims)));
    }

    /** Gate and up are the halves of one product. */
    private static OpCase gatedHalves(Activation activation) {
        return new OpCase(
                "gatedActivation " + activation + " halves of [3, 5, 34]",
                inputs -> {
                    Operand both = inputs.activation(3, 5, 34);
                    Operand gate = both.narrow(2, 17, 17);
                    return gated(inputs, activation, gate, both.narrow(2, 0, 17));
                });
    }

    private static Trial gated(Inputs inputs, Activation activation, Operand gate, Operand up) {
        return Trial.of(
                () -> inputs.ops().gatedActivation(activation, gate.tensor(), up.tensor()),
                m ->
                        fill(
                                gate.host().dims(),
                                i -> {
                                    double g =
                                            Activations64.apply(m, activation, gate.host().get(i));
                                    return m.of(g * up.host().get(i));
                                }));
    }

    private static OpCase binary(boolean product, int[] a, int[] b) {
        return new OpCase(
                (product ? "mul " : "add ") + Arrays.toString(a) + " and " + Arrays.toString(b),
                inputs -> binary(inputs, product, inputs.activation(a), inputs.activation(b)));
    }

    private static OpCase binaryOfTransposed(boolean product) {
        return new OpCase(
                (product ? "mul" : "add") + " of [7, 3, 5] permuted",
                inputs -> {
                    Operand a = inputs.activation(7, 3, 5).permute(2, 0, 1);
                    Operand b = inputs.activation(7, 5, 3).permute(1, 0, 2);
                    return binary(inputs, product, a, b);
                });
    }

    private static Trial binary(Inputs inputs, boolean product, Operand a, Operand b) {
        int period = b.host().values().length;
        return Trial.of(
                () ->
                        product
                                ? inputs.ops().mul(a.tensor(), b.tensor())
                                : inputs.ops().add(a.tensor(), b.tensor()),
                m ->
                        fill(
                                a.host().dims(),
                                i -> {
                                    double x = a.host().get(i);
                                    double y = b.host().get(i % period);
                                    return m.of(product ? x * y : x + y);
                                }));
    }

    /** The gate is a slice of a wider tensor, the others parts of longer sequences. */
    private static OpCase gateResidual(int samples, int batch, int seqLen, int dim) {
        return new OpCase(
                String.format("gateResidual [%d, %d, %d] gate [%d]", batch, seqLen, dim, samples),
                inputs -> {
                    Operand residual =
                            inputs.activation(batch, seqLen + 1, dim).narrow(1, 1, seqLen);
                    Operand gate = inputs.activation(samples, 3 * dim).narrow(1, dim, dim);
                    Operand y = inputs.activation(batch, seqLen + 2, dim).narrow(1, 0, seqLen);
                    Op.GateResidual op =
                            new Op.GateResidual(residual.tensor(), gate.tensor(), y.tensor(), null);
                    return Trial.of(
                            () -> inputs.ops().gateResidual(op.residual(), op.gate(), op.y()),
                            PointwiseFormula.gateResidual(op, Operand.values(residual, gate, y)),
                            residual.host().dims());
                });
    }

    private static HostArray fill(int[] dims, IntToDoubleFunction element) {
        HostArray y = HostArray.zeros(dims);
        Arrays.setAll(y.values(), element);
        return y;
    }
}

package glance.ops.parity;

import glance.cases.Arguments;
import glance.cases.Case;
import glance.op.Activation;
import glance.ops.Ops;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link Ops#activation}, {@link Ops#gatedActivation}, {@link Ops#add}, {@link Ops#mul} and {@link
 * Ops#gateResidual}.
 */
final class PointwiseCases {
    private PointwiseCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
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
    static Stream<Case> large() {
        return Stream.of(
                activation(Activation.GELU_TANH, 3, 113, 203),
                gated(Activation.SILU, 3, 113, 203),
                binary(false, new int[] {3, 113, 203}, new int[] {203}),
                binary(true, new int[] {3, 113, 203}, new int[] {3, 113, 203}),
                gateResidual(3, 3, 113, 203));
    }

    private static Case activation(Activation activation, int... dims) {
        return Case.of(
                "activation " + activation + " " + Arrays.toString(dims),
                a -> a.ops().activation(activation, a.activation(dims)));
    }

    /** Where exponentials overflow, vanish, or cancel. */
    private static Case activationOfExtremes(Activation activation) {
        double[] values = {
            0, -0.0, 1e-20, -1e-20, 1e-4, -1e-4, 1, -1, 3, -3, 6, -6, 10, -10, 20, -20, 50, -50, 88,
            -88, 104, -104, 700, -700, 1e5, -1e5
        };
        return Case.of(
                "activation " + activation + " of small and large numbers",
                a ->
                        a.ops()
                                .activation(
                                        activation,
                                        a.given(
                                                a.ops().computeType(),
                                                i -> values[(int) i],
                                                values.length)));
    }

    private static Case activationOfTransposed(Activation activation) {
        return Case.of(
                "activation " + activation + " of [5, 3, 4] permuted",
                a -> a.ops().activation(activation, a.activation(5, 3, 4).permute(2, 0, 1)));
    }

    private static Case gated(Activation activation, int... dims) {
        return Case.of(
                "gatedActivation " + activation + " " + Arrays.toString(dims),
                a -> a.ops().gatedActivation(activation, a.activation(dims), a.activation(dims)));
    }

    /** Gate and up are the halves of one product. */
    private static Case gatedHalves(Activation activation) {
        return Case.of(
                "gatedActivation " + activation + " halves of [3, 5, 34]",
                a -> {
                    Tensor both = a.activation(3, 5, 34);
                    Tensor up = both.narrow(2, 0, 17);
                    return a.ops().gatedActivation(activation, both.narrow(2, 17, 17), up);
                });
    }

    private static Case binary(boolean product, int[] a, int[] b) {
        return Case.of(
                (product ? "mul " : "add ") + Arrays.toString(a) + " and " + Arrays.toString(b),
                from -> binary(from, product, from.activation(a), from.activation(b)));
    }

    private static Case binaryOfTransposed(boolean product) {
        return Case.of(
                (product ? "mul" : "add") + " of [7, 3, 5] permuted",
                from ->
                        binary(
                                from,
                                product,
                                from.activation(7, 3, 5).permute(2, 0, 1),
                                from.activation(7, 5, 3).permute(1, 0, 2)));
    }

    private static Tensor binary(Arguments from, boolean product, Tensor a, Tensor b) {
        return product ? from.ops().mul(a, b) : from.ops().add(a, b);
    }

    /** The gate is a slice of a wider tensor, the others parts of longer sequences. */
    private static Case gateResidual(int samples, int batch, int seqLen, int dim) {
        return Case.of(
                String.format("gateResidual [%d, %d, %d] gate [%d]", batch, seqLen, dim, samples),
                a ->
                        a.ops()
                                .gateResidual(
                                        a.activation(batch, seqLen + 1, dim).narrow(1, 1, seqLen),
                                        a.activation(samples, 3 * dim).narrow(1, dim, dim),
                                        a.activation(batch, seqLen + 2, dim).narrow(1, 0, seqLen)));
    }
}

package glance.ops.parity;

import glance.cases.Case;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.TrainingOps;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link TrainingOps#activation}, {@link TrainingOps#gateResidual}, {@link TrainingOps#sumRows},
 * {@link TrainingOps#accumulate} and {@link TrainingOps#filled}.
 */
final class PointwiseGradCases {
    private PointwiseGradCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Activation activation : Activation.values()) {
            for (int[] dims : new int[][] {{1}, {7}, {16}, {17}, {2, 3, 31}}) {
                cases.add(activation(activation, dims));
            }
        }
        for (int size : Sizes.edges()) {
            gate(cases, 2, 2, 3, size);
            cases.add(sumRows(5, size));
            cases.add(accumulate(2, 3, size));
        }
        cases.add(sumRows(1, 1));
        cases.add(sumRows(257, 24));
        gate(cases, 1, 3, 113, 24);
        cases.add(accumulateView());
        cases.add(accumulateToFloats());
        cases.add(fill(1));
        cases.add(fill(3, 113));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                activation(Activation.GELU_TANH, 3, 113, 203),
                gate(false, true, 1, 1, 331, 203),
                gate(true, true, 1, 1, 331, 203),
                sumRows(331, 203),
                accumulate(3, 113, 203),
                fill(3, 113, 203));
    }

    private static Case activation(Activation activation, int... dims) {
        return Case.of(
                "gradient of activation " + activation + " " + Arrays.toString(dims),
                a ->
                        a.ops()
                                .training()
                                .activation(activation, a.activation(dims), a.activation(dims)));
    }

    /** The gradient of the gate, of what it multiplies, and of the latter alone. */
    private static void gate(List<Case> cases, int samples, int batch, int seqLen, int dim) {
        cases.add(gate(true, true, samples, batch, seqLen, dim));
        cases.add(gate(false, true, samples, batch, seqLen, dim));
        cases.add(gate(false, false, samples, batch, seqLen, dim));
    }

    private static Case gate(
            boolean ofGate, boolean wantsGate, int samples, int batch, int seqLen, int dim) {
        return Case.of(
                String.format(
                        "gateResidual gradient of %s [%d, %d, %d] gate [%d]",
                        ofGate ? "gate" : wantsGate ? "y" : "y alone", batch, seqLen, dim, samples),
                a -> {
                    Tensor y = a.activation(batch, seqLen, dim);
                    Tensor dy = a.activation(batch, seqLen, dim);
                    Tensor gate = a.activation(samples, 6 * dim).narrow(1, 2 * dim, dim);
                    TrainingOps.GateGradients gradients =
                            a.ops()
                                    .training()
                                    .gateResidual(
                                            new Op.GateResidual(y, gate, y, y), dy, wantsGate);
                    return ofGate ? gradients.gate() : gradients.y();
                });
    }

    private static Case sumRows(int rows, int columns) {
        return Case.of(
                String.format("sumRows [%d, %d]", rows, columns),
                a -> a.ops().training().sumRows(a.activation(rows, columns)));
    }

    private static Case accumulate(int... dims) {
        return Case.of(
                "accumulate " + Arrays.toString(dims),
                a -> {
                    Tensor x = a.activation(dims);
                    Tensor target = a.ops().pack(a.activation(dims));
                    a.ops().training().accumulate(x, target);
                    return target;
                });
    }

    /** A transposed gradient added to a part of a larger one, which keeps the rest. */
    private static Case accumulateView() {
        return Case.of(
                "accumulate [5, 3] transposed into a part of [4, 9]",
                a -> {
                    Tensor x = a.activation(5, 3).permute(1, 0);
                    Tensor target = a.ops().pack(a.activation(4, 9));
                    a.ops().training().accumulate(x, target.narrow(0, 1, 3).narrow(1, 2, 5));
                    return target;
                });
    }

    /** Gradients of F32 parameters add up in F32, whatever dtype they come in. */
    private static Case accumulateToFloats() {
        return Case.of(
                "accumulate twice into F32 [3, 33]",
                a -> {
                    TrainingOps training = a.ops().training();
                    Tensor target = training.zeros(DType.F32, Shape.of(3, 33));
                    training.accumulate(a.activation(3, 33), target);
                    training.accumulate(a.floats(3, 33), target);
                    return target;
                });
    }

    private static Case fill(int... dims) {
        return Case.of(
                "fill " + Arrays.toString(dims),
                a -> a.ops().training().filled(a.ops().computeType(), Shape.of(dims), 0.75f));
    }
}

package glance.ops.parity;

import glance.formula.Activations64;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.Ops;
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

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
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
    static Stream<OpCase> large() {
        return Stream.of(
                activation(Activation.GELU_TANH, 3, 113, 203),
                gate(false, true, 1, 1, 331, 203),
                gate(true, true, 1, 1, 331, 203),
                sumRows(331, 203),
                accumulate(3, 113, 203),
                fill(3, 113, 203));
    }

    /**
     * 1 - tanh^2 cancels where tanh is near 1, so that a last place of tanh counts many times: 2.3
     * times the plain error was measured on the emulated GPU.
     */
    private static final double TANH = 4;

    private static OpCase activation(Activation activation, int... dims) {
        return new OpCase(
                "gradient of activation " + activation + " " + Arrays.toString(dims),
                inputs -> {
                    Operand x = inputs.activation(dims);
                    Operand dy = inputs.activation(dims);
                    Trial trial =
                            Trial.of(
                                    () ->
                                            inputs.ops()
                                                    .training()
                                                    .activation(
                                                            activation, x.tensor(), dy.tensor()),
                                    m -> {
                                        HostArray dx = HostArray.zeros(dims);
                                        Arrays.setAll(
                                                dx.values(),
                                                i ->
                                                        m.of(
                                                                Activations64.slope(
                                                                                m,
                                                                                activation,
                                                                                x.host().get(i))
                                                                        * dy.host().get(i)));
                                        return dx;
                                    });
                    return activation == Activation.GELU_TANH ? trial.allowing(TANH) : trial;
                });
    }

    /** The gradient of the gate, of what it multiplies, and of the latter alone. */
    private static void gate(List<OpCase> cases, int samples, int batch, int seqLen, int dim) {
        cases.add(gate(true, true, samples, batch, seqLen, dim));
        cases.add(gate(false, true, samples, batch, seqLen, dim));
        cases.add(gate(false, false, samples, batch, seqLen, dim));
    }

    private static OpCase gate(
            boolean ofGate, boolean wantsGate, int samples, int batch, int seqLen, int dim) {
        return new OpCase(
                String.format(
                        "gateResidual gradient of %s [%d, %d, %d] gate [%d]",
                        ofGate ? "gate" : wantsGate ? "y" : "y alone", batch, seqLen, dim, samples),
                inputs -> {
                    Operand residual = inputs.activation(batch, seqLen, dim);
                    Operand y = inputs.activation(batch, seqLen, dim);
                    Operand dy = inputs.activation(batch, seqLen, dim);
                    Operand gate = inputs.activation(samples, 6 * dim).narrow(1, 2 * dim, dim);
                    Op.GateResidual forward =
                            new Op.GateResidual(
                                    residual.tensor(), gate.tensor(), y.tensor(), y.tensor());
                    return Trial.of(
                            () -> {
                                TrainingOps.GateGradients gradients =
                                        inputs.ops()
                                                .training()
                                                .gateResidual(forward, dy.tensor(), wantsGate);
                                return ofGate ? gradients.gate() : gradients.y();
                            },
                            m -> {
                                HostArray result =
                                        HostArray.zeros(
                                                ofGate ? gate.host().dims() : y.host().dims());
                                for (int i = 0; i < y.host().values().length; i++) {
                                    int sample = samples == 1 ? 0 : i / dim / seqLen;
                                    int g = sample * dim + i % dim;
                                    double factor = dy.host().get(i);
                                    if (ofGate) {
                                        result.values()[g] =
                                                m.mulAdd(result.get(g), y.host().get(i), factor);
                                    } else {
                                        result.values()[i] = m.of(gate.host().get(g) * factor);
                                    }
                                }
                                return result;
                            });
                });
    }

    private static OpCase sumRows(int rows, int columns) {
        return new OpCase(
                String.format("sumRows [%d, %d]", rows, columns),
                inputs -> {
                    Operand x = inputs.activation(rows, columns);
                    return Trial.of(
                            () -> inputs.ops().training().sumRows(x.tensor()),
                            m -> {
                                HostArray sums = HostArray.zeros(columns);
                                for (int i = 0; i < rows * columns; i++) {
                                    int c = i % columns;
                                    sums.values()[c] = m.of(sums.get(c) + x.host().get(i));
                                }
                                return sums;
                            });
                });
    }

    private static OpCase accumulate(int... dims) {
        return new OpCase(
                "accumulate " + Arrays.toString(dims),
                inputs -> {
                    Operand x = inputs.activation(dims);
                    Operand start = inputs.activation(dims);
                    return accumulated(inputs, start, x, sum(start, x));
                });
    }

    private static Trial accumulated(Inputs inputs, Operand start, Operand x, HostArray sum) {
        return Trial.of(
                () -> {
                    Tensor target = inputs.ops().pack(start.tensor());
                    inputs.ops().training().accumulate(x.tensor(), target);
                    return target;
                },
                m -> new HostArray(sum.dims(), Arrays.stream(sum.values()).map(m::of).toArray()));
    }

    private static HostArray sum(Operand a, Operand b) {
        HostArray sum = HostArray.zeros(a.host().dims());
        Arrays.setAll(sum.values(), i -> a.host().get(i) + b.host().get(i));
        return sum;
    }

    /** A transposed gradient added to a part of a larger one, which keeps the rest. */
    private static OpCase accumulateView() {
        return new OpCase(
                "accumulate [5, 3] transposed into a part of [4, 9]",
                inputs -> {
                    Ops ops = inputs.ops();
                    Operand x = inputs.activation(5, 3).permute(1, 0);
                    Operand start = inputs.activation(4, 9);
                    return Trial.of(
                            () -> {
                                Tensor target = ops.pack(start.tensor());
                                Tensor part = target.narrow(0, 1, 3).narrow(1, 2, 5);
                                ops.training().accumulate(x.tensor(), part);
                                return target;
                            },
                            m -> {
                                HostArray y = HostArray.zeros(4, 9);
                                Arrays.setAll(y.values(), start.host()::get);
                                for (int i = 0; i < 15; i++) {
                                    int to = (i / 5 + 1) * 9 + i % 5 + 2;
                                    y.values()[to] = m.of(y.get(to) + x.host().get(i));
                                }
                                return y;
                            });
                });
    }

    /** Gradients of F32 parameters add up in F32, whatever dtype they come in. */
    private static OpCase accumulateToFloats() {
        return new OpCase(
                "accumulate twice into F32 [3, 33]",
                inputs -> {
                    Operand first = inputs.activation(3, 33);
                    Operand second = inputs.floats(3, 33);
                    HostArray sum = sum(first, second);
                    return Trial.of(
                            () -> {
                                TrainingOps training = inputs.ops().training();
                                Tensor target = training.zeros(DType.F32, Shape.of(3, 33));
                                training.accumulate(first.tensor(), target);
                                training.accumulate(second.tensor(), target);
                                return target;
                            },
                            m -> {
                                HostArray y = HostArray.zeros(3, 33);
                                Arrays.setAll(y.values(), i -> m.of(sum.get(i)));
                                return y;
                            });
                });
    }

    private static OpCase fill(int... dims) {
        return new OpCase(
                "fill " + Arrays.toString(dims),
                inputs ->
                        Trial.exact(
                                () ->
                                        inputs.ops()
                                                .training()
                                                .filled(
                                                        inputs.ops().computeType(),
                                                        Shape.of(dims),
                                                        0.75f),
                                () -> {
                                    HostArray y = HostArray.zeros(dims);
                                    Arrays.fill(y.values(), 0.75);
                                    return y;
                                }));
    }
}

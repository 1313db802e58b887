package glance.ops.parity;

import glance.formula.NormFormula;
import glance.op.Activation;
import glance.op.Op;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#rmsNorm}, {@link Ops#layerNorm} and {@link Ops#layerNormModulate}. */
final class NormCases {
    private static final float EPS = 1e-6f;

    private NormCases() {}

    static Stream<OpCase> cases() {
        List<OpCase> cases = new ArrayList<>();
        // whole runs for a part of the lanes, for all, and for all more than once
        for (int dim : new int[] {40, 96, 264, 520}) {
            cases.add(rms(Activation.NONE, true, 2, 3, dim));
            cases.add(modulate(2, 2, 3, dim));
        }
        for (int dim : Sizes.edges()) {
            cases.add(rms(Activation.NONE, true, 2, 3, dim));
            cases.add(layer(true, true, 0, 2, 3, dim));
            cases.add(modulate(2, 2, 3, dim));
        }
        for (Activation activation : Activation.values()) {
            cases.add(rms(activation, true, 2, 5, 33));
        }
        cases.add(rms(Activation.SILU, false, 1, 4, 3, 17));
        cases.add(rms(Activation.NONE, true, 113));
        cases.add(layer(false, false, 0, 2, 7, 31));
        cases.add(layer(true, false, 0, 7, 31));
        cases.add(layer(false, true, 0, 2, 2, 3, 31));
        cases.add(layer(true, true, 50, 2, 7, 203));
        cases.add(modulate(1, 3, 5, 65));
        cases.add(stridedLayer());
        cases.add(stridedRms());
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<OpCase> large() {
        return Stream.of(
                rms(Activation.SILU, true, 3, 113, 203),
                layer(true, true, 0, 3, 113, 203),
                modulate(3, 3, 113, 203));
    }

    private static OpCase rms(Activation activation, boolean weighted, int... dims) {
        return new OpCase(
                "rmsNorm " + Arrays.toString(dims) + " " + activation + " weight " + weighted,
                inputs -> {
                    Operand x = inputs.activation(dims);
                    Operand weight = weighted ? inputs.floats(dims[dims.length - 1]) : null;
                    return rms(inputs, x, weight, activation);
                });
    }

    private static OpCase stridedRms() {
        return new OpCase(
                "rmsNorm of a part of [2, 9, 40]",
                inputs -> {
                    Operand x = inputs.activation(2, 9, 40).narrow(1, 2, 5).narrow(2, 3, 33);
                    return rms(inputs, x, inputs.floats(33), Activation.NONE);
                });
    }

    private static Trial rms(Inputs inputs, Operand x, Operand weight, Activation activation) {
        Op.RmsNorm op = new Op.RmsNorm(x.tensor(), Operand.tensorOf(weight), EPS, activation, null);
        return Trial.of(
                () -> inputs.ops().rmsNorm(op.x(), op.weight(), EPS, activation),
                NormFormula.rms(op, Operand.values(x, weight)),
                x.host().dims());
    }

    private static OpCase layer(boolean weighted, boolean biased, double mean, int... dims) {
        return new OpCase(
                String.format(
                        "layerNorm %s weight %s bias %s around %s",
                        Arrays.toString(dims), weighted, biased, mean),
                inputs -> {
                    Operand noise = inputs.activation(dims);
                    Operand x =
                            inputs.upload(
                                    inputs.ops().computeType(),
                                    new HostArray(
                                            dims,
                                            Arrays.stream(noise.host().values())
                                                    .map(value -> value + mean)
                                                    .toArray()));
                    int dim = dims[dims.length - 1];
                    Operand weight = weighted ? inputs.floats(dim) : null;
                    Operand bias = biased ? inputs.floats(dim) : null;
                    return layer(inputs, x, weight, bias);
                });
    }

    private static OpCase stridedLayer() {
        return new OpCase(
                "layerNorm of a part of [2, 9, 40]",
                inputs -> {
                    Operand x = inputs.activation(2, 9, 40).narrow(1, 2, 5).narrow(2, 3, 33);
                    return layer(inputs, x, inputs.floats(33), inputs.floats(33));
                });
    }

    private static Trial layer(Inputs inputs, Operand x, Operand weight, Operand bias) {
        Op.LayerNorm op =
                new Op.LayerNorm(
                        x.tensor(),
                        Operand.tensorOf(weight),
                        Operand.tensorOf(bias),
                        null,
                        null,
                        EPS,
                        null);
        return Trial.of(
                () -> inputs.ops().layerNorm(op.x(), op.weight(), op.bias(), EPS),
                NormFormula.layer(op, Operand.values(x, weight, bias)),
                x.host().dims());
    }

    /** Scale and shift are slices of a wider tensor, as a modulation gives them. */
    private static OpCase modulate(int samples, int batch, int seqLen, int dim) {
        return new OpCase(
                String.format(
                        "layerNormModulate [%d, %d, %d] scale [%d]", batch, seqLen, dim, samples),
                inputs -> {
                    Operand x = inputs.activation(batch, seqLen + 2, dim).narrow(1, 2, seqLen);
                    Operand all = inputs.activation(samples, 6 * dim);
                    Operand shift = all.narrow(1, 3 * dim, dim);
                    Operand scale = all.narrow(1, 4 * dim, dim);
                    Op.LayerNorm op =
                            new Op.LayerNorm(
                                    x.tensor(),
                                    null,
                                    null,
                                    scale.tensor(),
                                    shift.tensor(),
                                    EPS,
                                    null);
                    return Trial.of(
                            () ->
                                    inputs.ops()
                                            .layerNormModulate(op.x(), op.scale(), op.shift(), EPS),
                            NormFormula.layer(op, Operand.values(x, scale, shift)),
                            batch,
                            seqLen,
                            dim);
                });
    }
}

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

/** {@link Ops#rmsNorm}, {@link Ops#layerNorm} and {@link Ops#layerNormModulate}. */
final class NormCases {
    private static final float EPS = 1e-6f;

    private NormCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        // whole runs for a part of the lanes, for all, and for all more than once
        for (int dim : new int[] {40, 96, 264, 520}) {
            cases.add(rms(Activation.NONE, true, 2, 3, dim));
            cases.add(modulate(2, 2, 3, dim));
        }
        // rows that are held in registers: some and all of the runs of a lane, and one too many
        for (int dim : new int[] {768, 1024, 2048, 2432, 3072, 3840, 5120, 6144, 6152}) {
            cases.add(rms(Activation.NONE, true, 1, 2, dim));
            cases.add(modulate(1, 1, 3, dim));
        }
        cases.add(layer(true, true, 0, 1, 2, 1280));
        cases.add(rms(Activation.SILU, true, 1, 2, 1280));
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
    static Stream<Case> large() {
        return Stream.of(
                rms(Activation.SILU, true, 3, 113, 203),
                layer(true, true, 0, 3, 113, 203),
                modulate(3, 3, 113, 203));
    }

    private static Case rms(Activation activation, boolean weighted, int... dims) {
        return Case.of(
                "rmsNorm " + Arrays.toString(dims) + " " + activation + " weight " + weighted,
                a ->
                        a.ops()
                                .rmsNorm(
                                        a.activation(dims),
                                        weighted ? a.floats(dims[dims.length - 1]) : null,
                                        EPS,
                                        activation));
    }

    private static Case stridedRms() {
        return Case.of(
                "rmsNorm of a part of [2, 9, 40]",
                a -> a.ops().rmsNorm(part(a), a.floats(33), EPS, Activation.NONE));
    }

    private static Case layer(boolean weighted, boolean biased, double mean, int... dims) {
        int dim = dims[dims.length - 1];
        return Case.of(
                String.format(
                        "layerNorm %s weight %s bias %s around %s",
                        Arrays.toString(dims), weighted, biased, mean),
                a ->
                        a.ops()
                                .layerNorm(
                                        a.activation(x -> x + mean, dims),
                                        weighted ? a.floats(dim) : null,
                                        biased ? a.floats(dim) : null,
                                        EPS));
    }

    private static Case stridedLayer() {
        return Case.of(
                "layerNorm of a part of [2, 9, 40]",
                a -> a.ops().layerNorm(part(a), a.floats(33), a.floats(33), EPS));
    }

    private static Tensor part(Arguments a) {
        return a.activation(2, 9, 40).narrow(1, 2, 5).narrow(2, 3, 33);
    }

    /** Scale and shift are slices of a wider tensor, as a modulation gives them. */
    private static Case modulate(int samples, int batch, int seqLen, int dim) {
        return Case.of(
                String.format(
                        "layerNormModulate [%d, %d, %d] scale [%d]", batch, seqLen, dim, samples),
                a -> {
                    Tensor x = a.activation(batch, seqLen + 2, dim).narrow(1, 2, seqLen);
                    Tensor all = a.activation(samples, 6 * dim);
                    Tensor scale = all.narrow(1, 4 * dim, dim);
                    return a.ops().layerNormModulate(x, scale, all.narrow(1, 3 * dim, dim), EPS);
                });
    }
}

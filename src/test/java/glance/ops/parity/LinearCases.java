package glance.ops.parity;

import static glance.cases.LinearCase.Part.BIAS;
import static glance.cases.LinearCase.Part.GATE;
import static glance.cases.LinearCase.Part.RESIDUAL;
import static glance.cases.LinearCase.Part.SCALES;
import static glance.cases.LinearCase.Part.SHARED_GATE;
import static glance.cases.LinearCase.Part.STRIDED;
import static glance.cases.LinearCase.Part.UPLOADED;

import glance.cases.Case;
import glance.cases.LinearCase;
import glance.op.Activation;
import glance.op.Epilogue;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#linear}. */
final class LinearCases {
    static final List<DType> WEIGHTS =
            Arrays.stream(DType.values()).filter(DType::isFloating).toList();

    private LinearCases() {}

    /**
     * What the tensor core kernels of a GPU take (whole vectors of 8 along the depth), around the
     * edges of their tiles of 64 and 128 and of their slices of 32 and 64. In BF16 these run
     * through both tiles: the emulated GPU has 4 multiprocessors, so that 4 large tiles are enough.
     */
    private static List<LinearCase> tensorCores() {
        List<LinearCase> specs = new ArrayList<>();
        DType bf16 = DType.BF16;
        for (int in : new int[] {8, 32, 40, 72, 136}) {
            specs.add(new LinearCase(bf16, 1, 130, in, 136, BIAS));
            specs.add(new LinearCase(bf16, 1, 65, in, 72, BIAS));
        }
        for (int out : new int[] {1, 7, 63, 64, 65}) {
            specs.add(new LinearCase(bf16, 1, 5, 40, out, RESIDUAL));
            specs.add(new LinearCase(bf16, 1, 130, 40, out + 129, BIAS, RESIDUAL));
        }
        for (int seqLen : new int[] {63, 64, 65, 129, 257}) {
            specs.add(new LinearCase(bf16, 2, seqLen, 72, 136, GATE, RESIDUAL, STRIDED));
        }
        for (int rank : new int[] {1, 16, 20, 32, 40, 128}) {
            for (DType factors : List.of(bf16, DType.F32)) {
                specs.add(new LinearCase(bf16, 2, 65, 72, 136, BIAS).withLora(rank, factors));
                specs.add(new LinearCase(bf16, 2, 17, 136, 70, STRIDED).withLora(rank, factors));
            }
        }
        for (Activation activation : Activation.values()) {
            specs.add(new LinearCase(bf16, 2, 9, 40, 48, BIAS).with(activation));
            specs.add(
                    new LinearCase(bf16, 2, 65, 40, 136, BIAS, GATE, RESIDUAL)
                            .with(activation)
                            .withLora(16, bf16));
        }
        specs.add(new LinearCase(bf16, 3, 43, 24, 136, SHARED_GATE, RESIDUAL));
        // three wide tiles for each block of Hopper's kernel, and more slices than stages
        specs.add(new LinearCase(bf16, 1, 260, 72, 776, BIAS, RESIDUAL).withLora(20, bf16));
        // an odd number of bands of rows, in pairs
        specs.add(new LinearCase(bf16, 1, 260, 72, 264, BIAS, SCALES).withLora(40, bf16));
        // where tiles of S in its walk take no wave more: odd bands, samples, wide tiles, two for a
        // band
        specs.add(new LinearCase(bf16, 1, 260, 40, 1300, BIAS, SCALES).withLora(40, bf16));
        specs.add(new LinearCase(bf16, 2, 70, 40, 520, GATE, STRIDED, SCALES).withLora(17, bf16));
        specs.add(new LinearCase(bf16, 1, 100, 136, 1600, BIAS).withLora(128, bf16));
        specs.add(new LinearCase(bf16, 1, 70, 200, 1032, RESIDUAL).withLora(130, DType.F32));
        return specs;
    }

    static Stream<Case> cases() {
        List<LinearCase> specs = new ArrayList<>();
        for (DType dtype : WEIGHTS) {
            for (int t : Sizes.TILES) {
                specs.add(new LinearCase(dtype, 1, t - 1, t, t + 1));
                specs.add(new LinearCase(dtype, 1, t, t + 1, t - 1, BIAS));
                specs.add(new LinearCase(dtype, 1, t + 1, t - 1, t, RESIDUAL));
            }
            specs.add(new LinearCase(dtype, 1, 1, 1, 1, BIAS));
            specs.add(new LinearCase(dtype, 1, 1, 113, 203, BIAS));
            specs.add(new LinearCase(dtype, 2, 113, 203, 1, BIAS));
            specs.add(new LinearCase(dtype, 2, 17, 203, 113, BIAS, GATE, RESIDUAL, STRIDED));
            for (int rank : new int[] {1, 4, 32, 33}) {
                LinearCase spec = new LinearCase(dtype, 2, 9, 65, 47, BIAS, STRIDED);
                specs.add(spec.withLora(rank, DType.F32));
                specs.add(spec.withLora(rank, DType.BF16));
            }
        }
        for (Activation activation : Activation.values()) {
            specs.add(new LinearCase(DType.BF16, 2, 9, 33, 31, BIAS).with(activation));
            specs.add(new LinearCase(DType.F32, 2, 9, 3, 67, GATE, RESIDUAL).with(activation));
        }
        specs.add(new LinearCase(DType.F32, 2, 5, 24, 24, SHARED_GATE, RESIDUAL));
        specs.add(new LinearCase(DType.BF16, 3, 5, 24, 24, SHARED_GATE));
        specs.add(new LinearCase(DType.BF16, 2, 5, 24, 24, GATE));
        specs.add(new LinearCase(DType.F32, 2, 17, 203, 113, BIAS, UPLOADED));
        specs.add(new LinearCase(DType.F32, 2, 17, 33, 113, UPLOADED).withLora(4, DType.F32));
        specs.add(
                new LinearCase(DType.BF16, 2, 17, 64, 65, BIAS, GATE, RESIDUAL, STRIDED)
                        .with(Activation.SILU)
                        .withLora(4, DType.BF16));
        for (int rank : new int[] {1, 4, 33, 129}) {
            specs.add(new LinearCase(DType.F32, 2, 9, 65, 47, SCALES).withLora(rank, DType.F32));
            specs.add(
                    new LinearCase(DType.BF16, 2, 65, 72, 136, SCALES).withLora(rank, DType.BF16));
            specs.add(new LinearCase(DType.BF16, 1, 1, 72, 40, SCALES).withLora(rank, DType.BF16));
        }
        specs.addAll(tensorCores());
        specs.addAll(shares().toList());
        Stream<Case> ranks =
                Stream.of(new int[] {37}, new int[] {5, 37}, new int[] {2, 3, 5, 37})
                        .map(LinearCases::ofRank);
        return Stream.of(specs.stream().map(LinearCases::toCase), ranks, together())
                .flatMap(each -> each);
    }

    /** Several products of one x. */
    static Stream<Case> together() {
        LinearCase few = new LinearCase(DType.BF16, 2, 9, 72, 40, BIAS);
        LinearCase many = new LinearCase(DType.BF16, 2, 65, 72, 136, BIAS, SCALES);
        LinearCase wide = new LinearCase(DType.BF16, 1, 130, 136, 264, BIAS);
        LinearCase four = new LinearCase(DType.BF16, 4, 17, 40, 72, BIAS);
        LinearCase nine = new LinearCase(DType.BF16, 9, 17, 40, 72);
        DType bf16 = DType.BF16;
        return Stream.of(
                together(few, few),
                together(few.withLora(4, DType.F32), few, few.withLora(33, bf16)),
                together(many.withLora(16, bf16), many.withLora(16, bf16), many.withLora(16, bf16)),
                together(many.withLora(40, bf16), many.withLora(1, bf16), many),
                together(
                        wide.withLora(32, bf16),
                        new LinearCase(DType.F8_E4M3, 1, 130, 136, 72).withLora(20, bf16),
                        new LinearCase(DType.F32, 1, 130, 136, 8).withLora(130, bf16),
                        wide.with(Activation.GELU_TANH).withLora(64, bf16)),
                // shares; some have none, and one product has the same for all
                together(
                        four.withLoras(bf16, 20, 4, 0, 40),
                        four.withLoras(bf16, 8, 0),
                        four.withLoras(bf16, 0, 0, 8, 8),
                        four.withLora(16, bf16)),
                // more than one launch takes
                together(
                        nine.withLoras(bf16, 8, 0, 4, 8, 16, 1, 0, 33, 8),
                        nine.withLoras(bf16, 8, 8, 8, 8, 8, 8, 8, 8, 40),
                        nine.withLoras(bf16, 0, 0, 4, 8, 16, 1, 0, 33, 8)),
                // one sample of one token, as modulations have
                together(
                        new LinearCase(bf16, 1, 1, 72, 40).withLora(8, bf16),
                        new LinearCase(bf16, 1, 1, 72, 136).withLora(8, bf16)),
                // weights as they are stored, for few rows
                together(
                        new LinearCase(DType.I8, 1, 9, 256, 40).withLora(8, bf16),
                        new LinearCase(DType.Q4_0, 1, 9, 256, 72).withLora(16, bf16)));
    }

    private static Case together(LinearCase... products) {
        return new Case(
                "linears " + Arrays.toString(products),
                a -> LinearCase.together(a, List.of(products)));
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                        new LinearCase(DType.BF16, 1, 300, 400, 500, BIAS),
                        new LinearCase(DType.F32, 1, 300, 400, 500).withLora(16, DType.BF16),
                        new LinearCase(DType.F8_E4M3, 1, 1, 400, 3000, BIAS),
                        // several slices of the depth, and several blocks of rows
                        new LinearCase(DType.BF16, 1, 45, 2309, 70, BIAS, RESIDUAL),
                        new LinearCase(DType.BF16, 1, 45, 2309, 70, BIAS).withLora(5, DType.F32),
                        new LinearCase(DType.F32, 1, 1417, 1030, 33).withLora(3, DType.F32),
                        // shares of more and of fewer rows than a block has
                        new LinearCase(DType.F32, 2, 1417, 40, 33).withLoras(DType.F32, 3, 5),
                        new LinearCase(DType.BF16, 5, 399, 1030, 70, BIAS)
                                .withLoras(DType.BF16, 4, 0, 130, 8, 1),
                        // few rows, in several pieces of the depth
                        new LinearCase(DType.F32, 3, 7, 2309, 35, BIAS).withLora(5, DType.F32))
                .map(LinearCases::toCase);
    }

    /** Several products of one x, which are split. */
    static Stream<Case> largeTogether() {
        LinearCase one = new LinearCase(DType.BF16, 1, 300, 400, 500, BIAS);
        return Stream.of(together(one.withLora(16, DType.BF16), one, one.withLora(8, DType.F32)));
    }

    /** Samples with different adapters, or none: each product has two shares or more. */
    static Stream<LinearCase> shares() {
        List<LinearCase> specs = new ArrayList<>();
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            for (int seqLen : new int[] {1, 5, 16, 17, 64, 65, 129}) {
                LinearCase spec = new LinearCase(dtype, 2, seqLen, 72, 136, BIAS, SCALES);
                specs.add(spec.withLoras(dtype, 16, 40));
                specs.add(spec.withLoras(dtype, 0, 8));
                specs.add(spec.withLoras(dtype, 33, 0));
            }
            LinearCase odd = new LinearCase(dtype, 3, 23, 65, 47, GATE, RESIDUAL, STRIDED);
            specs.add(odd.withLoras(DType.BF16, 1, 0, 33).with(Activation.GELU_TANH));
            LinearCase four = new LinearCase(dtype, 4, 70, 40, 72, GATE, RESIDUAL, STRIDED);
            specs.add(four.withLoras(DType.F32, 20, 4, 0, 129));
            specs.add(four.withLoras(dtype, 8, 0)); // two samples a share
            // more shares than one launch takes
            LinearCase nine = new LinearCase(dtype, 9, 17, 40, 72, GATE, RESIDUAL);
            specs.add(nine.withLoras(dtype, 8, 0, 4, 8, 16, 1, 0, 33, 8));
        }
        return specs.stream();
    }

    static Case toCase(LinearCase linear) {
        return Case.of("linear " + linear, linear::forward);
    }

    /** The same product on x of another rank. */
    private static Case ofRank(int... dims) {
        return Case.of(
                "linear BF16 on x " + Arrays.toString(dims),
                a -> {
                    Tensor x = a.activation(dims);
                    Tensor weight = a.weight(DType.BF16, 11, 37);
                    int[] result = dims.clone();
                    result[dims.length - 1] = 11;
                    Epilogue add = Epilogue.add(a.activation(result));
                    return Parity.shaped(a.ops().linear(x, weight, null, null, add), result);
                });
    }
}

package glance.ops.parity;

import static glance.cases.LinearCase.Part.BIAS;
import static glance.cases.LinearCase.Part.GATE;
import static glance.cases.LinearCase.Part.RESIDUAL;
import static glance.cases.LinearCase.Part.SCALES;
import static glance.cases.LinearCase.Part.SHARED_GATE;
import static glance.cases.LinearCase.Part.STRIDED;

import glance.cases.Case;
import glance.cases.LinearCase;
import glance.op.Activation;
import glance.ops.Ops;
import glance.tensor.DType;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link Ops#linear} and its gradient towards x, of weights of one byte in rows of 16, as the
 * kernels of a GPU take them: around the edges of tiles of 64 and 128 and slices of 32. Of weights
 * in blocks and many rows, likewise. And of weights of 8 and 4 bits and few rows: around the edges
 * of 8, 32 and 64 rows, and of segments of 256 elements.
 */
final class NarrowWeightCases {
    private NarrowWeightCases() {}

    static final List<DType> BYTES = List.of(DType.F8_E4M3, DType.I8);
    static final List<DType> BLOCKS = List.of(DType.Q8_0, DType.Q4_0, DType.Q4_K);

    static Stream<Case> cases() {
        return Stream.of(
                        BYTES.stream().flatMap(NarrowWeightCases::of),
                        BLOCKS.stream().flatMap(NarrowWeightCases::blocks),
                        Stream.concat(BYTES.stream(), BLOCKS.stream())
                                .flatMap(NarrowWeightCases::few))
                .flatMap(cases -> cases);
    }

    /** Many rows and weights in blocks of one dtype. */
    static Stream<Case> blocks(DType dtype) {
        List<Case> cases = new ArrayList<>();
        for (int in : new int[] {256, 768}) {
            cases.add(linear(new LinearCase(dtype, 1, 130, in, 136, BIAS)));
            cases.add(linear(new LinearCase(dtype, 1, 257, in, 72, RESIDUAL)));
        }
        for (int out : new int[] {1, 63, 129}) {
            cases.add(linear(new LinearCase(dtype, 1, 65, 256, out, RESIDUAL)));
        }
        for (int rank : new int[] {1, 20, 72}) {
            LinearCase spec = new LinearCase(dtype, 2, 65, 512, 136, SHARED_GATE, SCALES);
            cases.add(linear(spec.withLora(rank, DType.BF16)));
            cases.add(linear(new LinearCase(dtype, 2, 70, 256, 70).withLora(rank, DType.F32)));
        }
        cases.add(
                linear(
                        new LinearCase(dtype, 2, 133, 512, 136, BIAS, GATE, RESIDUAL, STRIDED)
                                .with(Activation.GELU_TANH)
                                .withLora(160, DType.BF16)));
        return cases.stream();
    }

    /** Few rows, around the numbers that kernels are for. */
    private static Stream<Case> few(DType dtype) {
        List<Case> cases = new ArrayList<>();
        boolean bytes = BYTES.contains(dtype);
        for (int rows : new int[] {1, 7, 8, 9, 31, 32, 33, 64}) {
            cases.add(linear(new LinearCase(dtype, 1, rows, bytes ? 272 : 256, 33, BIAS)));
        }
        shares(dtype).forEach(spec -> cases.add(linear(spec)));
        // a warp has two segments, and others none
        cases.add(linear(new LinearCase(dtype, 1, 3, 1280, 16)));
        cases.add(linear(new LinearCase(dtype, 1, 40, 1280, 48, RESIDUAL)));
        for (int out : new int[] {1, 15, 17}) {
            cases.add(linear(new LinearCase(dtype, 2, 5, 512, out, GATE, STRIDED)));
        }
        for (int rank : new int[] {1, 8, 20}) {
            LinearCase spec = new LinearCase(dtype, 2, 13, 512, 40, SHARED_GATE, SCALES);
            cases.add(linear(spec.withLora(rank, DType.BF16)));
            cases.add(linear(new LinearCase(dtype, 1, 1, 256, 17).withLora(rank, DType.F32)));
        }
        cases.add(
                linear(
                        new LinearCase(dtype, 2, 17, 256, 40, BIAS, GATE, RESIDUAL)
                                .with(Activation.SILU)
                                .withLora(16, DType.BF16)));
        return cases.stream();
    }

    /** Products with a one and zeros, which have the numbers of the weight without a sum. */
    static Case picked(DType dtype, int from, int rows, int in, int out) {
        return Case.of(
                String.format("linear %s [%d, %d] columns from %d", dtype, out, in, from),
                a -> {
                    Tensor x =
                            a.given(DType.F32, i -> i % in == from + i / in ? 1 : 0, 1, rows, in);
                    return a.ops().linear(x, a.weight(dtype, out, in), null);
                });
    }

    /** Those of one dtype of one byte. */
    static Stream<Case> of(DType dtype) {
        List<Case> cases = new ArrayList<>();
        for (int in : new int[] {16, 32, 48, 144}) {
            cases.add(linear(new LinearCase(dtype, 1, 130, in, 136, BIAS)));
            cases.add(linear(new LinearCase(dtype, 1, 65, in, 72, BIAS)));
        }
        for (int out : new int[] {1, 7, 63, 65}) {
            cases.add(linear(new LinearCase(dtype, 1, 5, 48, out, RESIDUAL)));
            cases.add(linear(new LinearCase(dtype, 1, 130, 48, out + 129, RESIDUAL)));
        }
        for (int rank : new int[] {1, 20, 32, 40}) {
            LinearCase spec = new LinearCase(dtype, 2, 65, 80, 136, SHARED_GATE, SCALES);
            cases.add(linear(spec.withLora(rank, DType.BF16)));
            cases.add(linear(new LinearCase(dtype, 2, 17, 144, 70).withLora(rank, DType.F32)));
        }
        cases.add(
                linear(
                        new LinearCase(dtype, 2, 33, 64, 136, BIAS, GATE, RESIDUAL, STRIDED)
                                .with(Activation.GELU_TANH)
                                .withLora(16, DType.BF16)));
        for (int rank : new int[] {0, 4, 32, 40}) {
            cases.add(linearInput(dtype, rank, 2, 65, 144, 72));
            cases.add(linearInput(dtype, rank, 1, 5, 80, 33));
        }
        for (int in : new int[] {16, 32, 64, 272}) {
            cases.add(linearInput(dtype, 16, 1, 130, in, 40));
        }
        // more slices than Hopper's kernel has stages, and two tiles for each of its blocks
        cases.add(linear(new LinearCase(dtype, 1, 300, 912, 520).withLora(72, DType.BF16)));
        cases.add(linearInput(dtype, 72, 1, 300, 528, 904));
        return cases.stream();
    }

    /** Samples with different adapters, or none. */
    static Stream<LinearCase> shares(DType dtype) {
        LinearCase few = new LinearCase(dtype, 4, 13, 512, 40, GATE, RESIDUAL, STRIDED);
        LinearCase nine = new LinearCase(dtype, 9, 7, 256, 33, SCALES);
        LinearCase many = new LinearCase(dtype, 2, 130, 256, 136, BIAS);
        return Stream.of(
                few.withLoras(DType.BF16, 20, 0, 1, 40),
                nine.withLoras(DType.BF16, 8, 0, 4, 8, 16, 1, 0, 33, 8),
                many.withLoras(DType.BF16, 16, 0));
    }

    private static Case linear(LinearCase linear) {
        return Case.of("linear " + linear, linear::forward);
    }

    private static Case linearInput(DType dtype, int rank, int batch, int seqLen, int in, int out) {
        LinearCase linear = LowRankGradCases.linear(dtype, batch, seqLen, in, out, rank);
        return Case.of("linearInput of " + linear, a -> linear.gradients(a, true, false).x());
    }
}

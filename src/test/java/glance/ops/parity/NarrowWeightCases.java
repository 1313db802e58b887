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
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@link Ops#linear} and its gradient towards x, of weights of one byte in rows of 16, as the
 * kernels of a GPU take them: around the edges of tiles of 64 and 128 and slices of 32.
 */
final class NarrowWeightCases {
    private NarrowWeightCases() {}

    static Stream<Case> cases() {
        return Stream.of(DType.F8_E4M3, DType.I8).flatMap(NarrowWeightCases::of);
    }

    /** Those of one dtype. */
    static Stream<Case> of(DType dtype) {
        List<Case> cases = new ArrayList<>();
        for (int in : new int[] {16, 32, 48, 144}) {
            cases.add(linear(new LinearCase(dtype, 1, 130, in, 136, BIAS)));
            cases.add(linear(new LinearCase(dtype, 1, 65, in, 72, BIAS)));
        }
        for (int out : new int[] {1, 7, 63, 65}) {
            cases.add(linear(new LinearCase(dtype, 1, 5, 48, out, RESIDUAL)));
            cases.add(linear(new LinearCase(dtype, 1, 130, 48, out + 129, BIAS)));
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
        return cases.stream();
    }

    private static Case linear(LinearCase linear) {
        return Case.of("linear " + linear, linear::forward);
    }

    private static Case linearInput(DType dtype, int rank, int batch, int seqLen, int in, int out) {
        LinearCase linear = LowRankGradCases.linear(dtype, batch, seqLen, in, out, rank);
        return Case.of("linearInput of " + linear, a -> linear.gradients(a, true, false).x());
    }
}

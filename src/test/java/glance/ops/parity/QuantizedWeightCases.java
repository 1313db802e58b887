package glance.ops.parity;

import static glance.cases.LinearCase.Part.BIAS;

import glance.cases.Case;
import glance.cases.LinearCase;
import glance.ops.Ops;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#linear}, its gradient, and {@link Ops#embedding}, of weights in quantised blocks. */
final class QuantizedWeightCases {
    private QuantizedWeightCases() {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (DType type : DType.values()) {
            if (type.isReal() && !type.isFloating()) {
                cases.add(linear(new LinearCase(type, 1, 3, 512, 7, BIAS)));
                cases.add(linear(adapted(new LinearCase(type, 2, 33, 256, 72, BIAS), 4)));
                cases.add(linearInput(new LinearCase(type, 1, 9, 256, 40)));
                cases.add(LookupCases.embedding(type, 5, 512, 4, 0, 3));
            }
        }
        cases.add(LookupCases.embedding(DType.Q8_0, 4, 48, 3, 1, 2)); // rows end within blocks
        cases.add(linear(new LinearCase(DType.Q4_0, 1, 9, 20, 8, BIAS)));
        cases.add(linear(new LinearCase(DType.I8, 1, 9, 19, 7, BIAS))); // ends within a chunk
        cases.add(LookupCases.embedding(DType.I8, 4, 19, 3, 1, 2));
        return cases.stream();
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                linear(adapted(new LinearCase(DType.Q4_K, 2, 113, 768, 203, BIAS), 8)),
                linear(new LinearCase(DType.Q4_K, 1, 3, 2304, 35, BIAS)),
                linear(adapted(new LinearCase(DType.Q8_0, 1, 40, 2304, 35, BIAS), 5)),
                LookupCases.embedding(DType.Q8_0, 4, 4096, 3, 1),
                LookupCases.embedding(DType.Q6_K, 97, 256, 5, 90));
    }

    private static LinearCase adapted(LinearCase linear, int rank) {
        return linear.withLora(rank, DType.BF16);
    }

    private static Case linear(LinearCase linear) {
        return Case.of("linear " + linear, linear::forward);
    }

    private static Case linearInput(LinearCase linear) {
        return Case.of("linearInput of " + linear, a -> linear.gradients(a, true, false).x());
    }
}

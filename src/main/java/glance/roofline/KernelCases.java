package glance.roofline;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** The table: what takes the time of a picture, at the sizes of the published models. */
final class KernelCases {
    private static final List<Function<Scale, Stream<KernelCase>>> ALL =
            List.of(
                    LoraCases::cases,
                    LinearCases::cases,
                    AttentionCases::cases,
                    NormCases::cases,
                    PointwiseCases::cases,
                    AutoencoderCases::cases,
                    OptimizerCases::cases);

    private KernelCases() {}

    static List<KernelCase> all(Scale scale) {
        return ALL.stream().flatMap(cases -> cases.apply(scale)).toList();
    }
}

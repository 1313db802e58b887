package glance.roofline;

import glance.api.RequestException;
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

    /** Every case, in the same order at every scale. */
    static List<KernelCase> all(Scale scale) {
        return ALL.stream().flatMap(cases -> cases.apply(scale)).toList();
    }

    /**
     * The case of a name at full size or at this scale.
     *
     * @throws RequestException if there is none
     */
    static KernelCase named(String name, Scale scale) {
        for (Scale names : List.of(new Scale(1), scale)) {
            int at = all(names).stream().map(KernelCase::name).toList().indexOf(name);
            if (at >= 0) {
                return all(scale).get(at);
            }
        }
        throw new RequestException(
                "no kernel is called " + name + "; `bench kernels --list` prints them all");
    }
}

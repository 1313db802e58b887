package glance.autograd;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Every gradient rule, at sizes that break tiles. */
final class GradientCases {
    private static final List<Supplier<Stream<GradientCase>>> ALL =
            List.of(
                    LinearGradients::all,
                    AttentionGradients::all,
                    NormGradients::all,
                    PointwiseGradients::all);

    private GradientCases() {}

    static Stream<GradientCase> all() {
        return ALL.stream().flatMap(Supplier::get);
    }
}

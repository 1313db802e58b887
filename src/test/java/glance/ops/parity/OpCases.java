package glance.ops.parity;

import glance.cases.Case;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The parity table: every case of every operation, those of training included. */
public final class OpCases {
    private static final List<Supplier<Stream<Case>>> ALL =
            List.of(
                    LinearCases::cases,
                    AttentionCases::cases,
                    HeadNormRopeCases::cases,
                    NormCases::cases,
                    GroupNormCases::cases,
                    PointwiseCases::cases,
                    Conv2dCases::cases,
                    LookupCases::cases,
                    CopyCases::cases,
                    RotateCases::cases,
                    GuidedEulerCases::cases,
                    LinearInputCases::cases,
                    LowRankGradCases::cases,
                    AttentionGradCases::cases,
                    NormGradCases::cases,
                    LayerNormGradCases::cases,
                    PointwiseGradCases::cases,
                    OptimizerCases::cases,
                    EightBitCases::cases,
                    NarrowWeightCases::cases,
                    QuantizedWeightCases::cases);

    private static final List<Supplier<Stream<Case>>> LARGE =
            List.of(
                    LinearCases::large,
                    LinearCases::largeTogether,
                    AttentionCases::large,
                    HeadNormRopeCases::large,
                    NormCases::large,
                    GroupNormCases::large,
                    PointwiseCases::large,
                    Conv2dCases::large,
                    LookupCases::large,
                    CopyCases::large,
                    RotateCases::large,
                    GuidedEulerCases::large,
                    LinearInputCases::large,
                    LowRankGradCases::large,
                    AttentionGradCases::large,
                    NormGradCases::large,
                    LayerNormGradCases::large,
                    PointwiseGradCases::large,
                    OptimizerCases::large,
                    EightBitCases::large,
                    QuantizedWeightCases::large);

    private OpCases() {}

    /** Every case, large ones included. */
    public static Stream<Case> all() {
        return Stream.concat(ALL.stream().flatMap(Supplier::get), large());
    }

    /** Cases with enough work that a device has to share it out. */
    public static Stream<Case> large() {
        return LARGE.stream().flatMap(Supplier::get);
    }
}

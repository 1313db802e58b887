package glance.ops.parity;

import static glance.cases.AttentionCase.Part.BIAS;
import static glance.cases.AttentionCase.Part.CAUSAL;
import static glance.cases.AttentionCase.Part.JOINT_HEADS;
import static glance.cases.AttentionCase.Part.STRIDED;

import glance.cases.AttentionCase;
import glance.cases.Case;
import glance.ops.TrainingOps;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link TrainingOps#attention}: all three gradients. */
final class AttentionGradCases {
    private AttentionGradCases() {}

    static Stream<Case> cases() {
        List<AttentionCase> specs = new ArrayList<>();
        for (int t : Sizes.TILES) {
            specs.add(cut(1, t - 1, t + 1, 1, 1, 16));
            specs.add(cut(1, 9, 9, 1, 1, t, CAUSAL));
        }
        specs.add(cut(1, 1, 1, 1, 1, 1));
        specs.add(cut(1, 113, 203, 4, 2, 24));
        specs.add(cut(1, 19, 23, 4, 2, 17));
        specs.add(cut(2, 37, 37, 6, 2, 8, CAUSAL));
        specs.add(cut(2, 33, 33, 2, 2, 24).padded(12, 7, 6));
        specs.add(cut(2, 33, 33, 3, 1, 24, CAUSAL, BIAS).padded(20, 1, 0));
        specs.add(cut(3, 5, 9, 2, 2, 8).padded(9, 2, 1, 0));
        specs.add(cut(1, 19, 35, 3, 3, 40, BIAS));
        // edges of tiles of 64 rows and of 32 or 64 steps; padding that fills tiles; no visible key
        specs.add(cut(1, 65, 33, 2, 1, 128));
        specs.add(cut(1, 31, 63, 2, 2, 72, BIAS));
        specs.add(cut(1, 97, 97, 2, 1, 128, CAUSAL));
        specs.add(cut(2, 5, 193, 2, 2, 64).padded(130, 1, 0));
        specs.add(cut(3, 3, 64, 2, 1, 64).padded(64, 2, 1, 0));
        return specs.stream().map(AttentionGradCases::toCase);
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(
                        cut(2, 200, 200, 4, 4, 32).padded(40, 11, 10),
                        cut(1, 200, 200, 4, 2, 32, CAUSAL))
                .map(AttentionGradCases::toCase);
    }

    /** At the edges of tiles of 64 and 128 rows of every width; for tensor cores. */
    static Stream<Case> tiles() {
        List<AttentionCase> specs = new ArrayList<>();
        for (int keys : new int[] {127, 128, 129}) {
            specs.add(cut(1, 1, keys, 1, 1, 64));
            specs.add(cut(1, keys, 2, 1, 1, 128)); // of one key alone ds is rounding alone
            specs.add(cut(1, keys, keys, 2, 1, 72, CAUSAL, BIAS));
        }
        specs.add(cut(2, 129, 193, 2, 1, 128));
        specs.add(cut(2, 65, 257, 2, 2, 64, BIAS).padded(192, 60, 130));
        specs.add(cut(1, 321, 65, 2, 1, 64)); // more tiles than stages
        specs.add(cut(1, 40, 200, 1, 1, 64, CAUSAL)); // keys that no query sees
        specs.add(cut(2, 130, 130, 2, 1, 128, CAUSAL).padded(66, 65, 0));
        return specs.stream().map(AttentionGradCases::toCase);
    }

    /** Heads cut out of a longer sequence of wider rows. */
    private static AttentionCase cut(
            int batch,
            int seqLen,
            int keyLen,
            int numHeads,
            int numKvHeads,
            int headDim,
            AttentionCase.Part... parts) {
        Stream<AttentionCase.Part> all =
                Stream.concat(Stream.of(parts), Stream.of(JOINT_HEADS, STRIDED));
        return new AttentionCase(
                batch,
                seqLen,
                keyLen,
                numHeads,
                numKvHeads,
                headDim,
                all.toArray(AttentionCase.Part[]::new));
    }

    private static Case toCase(AttentionCase attention) {
        return new Case("gradients of attention " + attention, attention::gradients);
    }
}

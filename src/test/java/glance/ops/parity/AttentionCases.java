package glance.ops.parity;

import static glance.cases.AttentionCase.Part.BIAS;
import static glance.cases.AttentionCase.Part.CAUSAL;
import static glance.cases.AttentionCase.Part.HUGE_SCORES;
import static glance.cases.AttentionCase.Part.JOINT_HEADS;
import static glance.cases.AttentionCase.Part.LOG_SUM_EXP;
import static glance.cases.AttentionCase.Part.STRIDED;
import static glance.cases.AttentionCase.self;

import glance.cases.AttentionCase;
import glance.cases.Case;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#attention}. */
final class AttentionCases {
    private AttentionCases() {}

    static Stream<Case> cases() {
        List<AttentionCase> specs = new ArrayList<>();
        for (int t : Sizes.TILES) {
            specs.add(new AttentionCase(1, t - 1, t + 1, 1, 1, 16));
            specs.add(new AttentionCase(1, t + 1, t - 1, 1, 1, 16));
            specs.add(new AttentionCase(1, t, t, 1, 1, 16, CAUSAL));
            specs.add(new AttentionCase(1, 9, 9, 1, 1, t, CAUSAL));
        }
        specs.add(new AttentionCase(1, 113, 203, 2, 2, 24));
        specs.add(new AttentionCase(1, 203, 113, 2, 1, 32));
        for (int headDim : new int[] {1, 7, 17, 40, 80, 128, 160}) {
            specs.add(self(2, 19, 2, headDim));
        }
        specs.add(self(1, 1, 1, 8));
        specs.add(new AttentionCase(2, 5, 1, 2, 2, 8));
        for (int numKvHeads : new int[] {1, 2, 3, 6}) {
            specs.add(new AttentionCase(2, 17, 17, 6, numKvHeads, 8, CAUSAL, STRIDED));
            specs.add(new AttentionCase(2, 17, 33, 6, numKvHeads, 8).padded(9, 2, 9));
        }
        specs.add(self(2, 33, 2, 16).padded(7, 7, 3));
        specs.add(self(2, 33, 2, 16).padded(33, 33, 1));
        specs.add(self(2, 33, 2, 16).padded(33, 20, 0));
        specs.add(self(2, 33, 2, 16, CAUSAL).padded(33, 20, 5));
        specs.add(self(2, 33, 2, 16, CAUSAL).padded(9, 0, 4));
        specs.add(self(2, 65, 2, 16).padded(64, 64, 0));
        specs.add(self(2, 19, 3, 8, BIAS));
        specs.add(self(2, 19, 3, 8, CAUSAL, BIAS).padded(5, 5, 2));
        specs.add(self(1, 35, 1, 48, JOINT_HEADS));
        specs.add(self(2, 35, 3, 16, JOINT_HEADS).padded(12, 12, 4));
        specs.add(self(2, 35, 2, 24, STRIDED));
        specs.add(self(1, 67, 2, 16, HUGE_SCORES));
        specs.add(self(2, 35, 2, 16, LOG_SUM_EXP).padded(12, 12, 4));
        specs.add(self(2, 35, 2, 16, LOG_SUM_EXP).padded(35, 12, 0));
        wideTiles(specs);
        hopperTiles(specs);
        return specs.stream().map(AttentionCases::toCase);
    }

    /**
     * The edges of tiles of 128 queries and of 32 or 64 keys. Four heads fill the emulated GPU,
     * which then takes the largest tiles.
     */
    private static void wideTiles(List<AttentionCase> specs) {
        specs.add(new AttentionCase(1, 127, 33, 4, 2, 128));
        specs.add(new AttentionCase(1, 129, 31, 4, 4, 72, STRIDED));
        specs.add(new AttentionCase(1, 128, 65, 4, 1, 64, BIAS));
        specs.add(self(1, 131, 4, 64, CAUSAL));
        specs.add(self(1, 97, 4, 128, CAUSAL, LOG_SUM_EXP));
        specs.add(new AttentionCase(2, 5, 135, 2, 2, 128).padded(97, 97, 1));
        specs.add(new AttentionCase(2, 3, 193, 2, 2, 64, LOG_SUM_EXP).padded(128, 128, 0));
        specs.add(self(2, 1, 2, 128));
        specs.add(self(1, 65, 1, 128, CAUSAL, BIAS));
        specs.add(self(1, 67, 1, 128, JOINT_HEADS, HUGE_SCORES));
        // sums are rescaled in later tiles too
        specs.add(self(1, 131, 1, 64, HUGE_SCORES));
        specs.add(self(1, 131, 1, 64, HUGE_SCORES, LOG_SUM_EXP));
        specs.add(self(1, 65, 1, 384, JOINT_HEADS));
        specs.add(new AttentionCase(2, 33, 67, 2, 1, 136, BIAS).padded(40, 40, 3));
        specs.add(self(2, 19, 2, 136, CAUSAL, LOG_SUM_EXP).padded(19, 19, 0));
    }

    /**
     * The edges of Hopper's tiles, 128 queries and as many keys, and blocks that make several: the
     * emulated GPU has 4 multiprocessors.
     */
    private static void hopperTiles(List<AttentionCase> specs) {
        specs.add(new AttentionCase(1, 1, 127, 2, 1, 128));
        specs.add(new AttentionCase(1, 130, 128, 1, 1, 72, LOG_SUM_EXP));
        specs.add(new AttentionCase(2, 3, 129, 2, 1, 128, JOINT_HEADS).padded(129, 128, 1));
        specs.add(self(1, 259, 1, 64, CAUSAL));
        specs.add(self(1, 257, 1, 128, CAUSAL, LOG_SUM_EXP));
        specs.add(new AttentionCase(2, 3, 400, 1, 1, 128, BIAS).padded(300, 20, 0));
        specs.add(new AttentionCase(1, 5, 513, 1, 1, 64, HUGE_SCORES));
        specs.add(new AttentionCase(3, 65, 130, 3, 3, 64, STRIDED));
        specs.add(new AttentionCase(2, 2, 1030, 3, 1, 128));
        specs.add(new AttentionCase(6, 2, 5, 1, 1, 8).padded(5, 0, 5, 3, 0, 5, 0));
        // pairs of tiles of queries, which share their keys; the last one of three has no neighbour
        specs.add(new AttentionCase(1, 257, 300, 1, 1, 128, LOG_SUM_EXP));
        specs.add(new AttentionCase(1, 255, 129, 2, 1, 72, BIAS, JOINT_HEADS));
        specs.add(new AttentionCase(3, 258, 140, 1, 1, 64).padded(140, 140, 0, 5));
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        return Stream.of(self(2, 200, 4, 32).padded(40, 40, 11), self(1, 200, 3, 64, CAUSAL))
                .map(AttentionCases::toCase);
    }

    private static Case toCase(AttentionCase attention) {
        return Case.of("attention " + attention, attention::forward);
    }
}

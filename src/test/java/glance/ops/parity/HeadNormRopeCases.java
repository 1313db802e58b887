package glance.ops.parity;

import glance.cases.Case;
import glance.cases.HeadNormRopeCase;
import glance.op.Rope;
import glance.ops.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@link Ops#headNormRope}. */
final class HeadNormRopeCases {
    private HeadNormRopeCases() {}

    static Stream<Case> cases() {
        List<HeadNormRopeCase> specs = new ArrayList<>();
        for (Rope.Pairing pairing :
                new Rope.Pairing[] {Rope.Pairing.INTERLEAVED, Rope.Pairing.HALVES, null}) {
            for (int headDim :
                    new int[] {
                        2, 6, 8, 14, 16, 18, 30, 32, 34, 48, 64, 66, 112, 128, 144, 254, 256
                    }) {
                specs.add(
                        new HeadNormRopeCase(
                                1, List.of(5), 2, headDim, List.of(true), pairing, false));
            }
            for (boolean cut : new boolean[] {false, true}) {
                specs.add(
                        new HeadNormRopeCase(
                                2, List.of(7, 17), 3, 16, List.of(true, true), pairing, cut));
                specs.add(
                        new HeadNormRopeCase(
                                2, List.of(1, 113), 1, 24, List.of(false, true), pairing, cut));
                specs.add(new HeadNormRopeCase(2, List.of(9), 3, 20, List.of(false), pairing, cut));
            }
            specs.add(
                    new HeadNormRopeCase(
                            2, List.of(3, 4, 5), 2, 8, List.of(true, false, true), pairing, false));
        }
        for (Rope.Pairing pairing : Rope.Pairing.values()) {
            for (int headDim : new int[] {14, 16, 128}) { // a warp for a head, and 8 lanes
                specs.add(
                        new HeadNormRopeCase(
                                        3,
                                        List.of(5, 6),
                                        2,
                                        headDim,
                                        List.of(true, false),
                                        pairing,
                                        false)
                                .withOwnPositions());
            }
        }
        for (int headDim : new int[] {1, 7, 9, 113}) {
            specs.add(new HeadNormRopeCase(2, List.of(5), 2, headDim, List.of(true), null, false));
        }
        return specs.stream().map(HeadNormRopeCases::toCase);
    }

    /** Large enough to be split over threads. */
    static Stream<Case> large() {
        List<Boolean> normed = List.of(true, true);
        return Stream.of(
                        new HeadNormRopeCase(
                                2,
                                List.of(37, 203),
                                4,
                                32,
                                normed,
                                Rope.Pairing.INTERLEAVED,
                                false))
                .map(HeadNormRopeCases::toCase);
    }

    private static Case toCase(HeadNormRopeCase norm) {
        return Case.of("headNormRope " + norm, norm::forward);
    }
}

package glance.ops.parity;

import java.util.List;
import java.util.stream.IntStream;

/** Sizes at which tiled kernels go wrong. */
final class Sizes {
    /** Widths of tiles and vectors on the devices there are. */
    static final List<Integer> TILES = List.of(8, 14, 16, 24, 32, 64, 256);

    /** Sizes that no tile divides. */
    static final List<Integer> PRIMES = List.of(113, 203);

    private Sizes() {}

    /** 1, the primes, and each tile with its neighbours. */
    static int[] edges() {
        return IntStream.concat(
                        IntStream.of(1),
                        IntStream.concat(
                                TILES.stream().flatMapToInt(t -> IntStream.of(t - 1, t, t + 1)),
                                PRIMES.stream().mapToInt(Integer::intValue)))
                .distinct()
                .toArray();
    }
}

package glance.backend;

import java.util.HashMap;
import java.util.Map;

/**
 * Guesses which block is read next. What came after the same two blocks before comes again: so the
 * ends of forward and backward passes are known from the second step on. Else the walk goes on as
 * it went: up, down, or over every second block. A wrong guess costs the time of a copy.
 */
public final class TurnOrder {
    private final int blocks;
    private final Map<Pair, Integer> after = new HashMap<>();
    private Pair last = new Pair(-1, -1);

    private record Pair(int before, int now) {}

    /**
     * @param blocks how many there are
     */
    public TurnOrder(int blocks) {
        this.blocks = blocks;
    }

    /**
     * Notes that a block is read.
     *
     * @param block another than the last one
     * @return the block that is likely to follow it
     */
    public int next(int block) {
        if (last.now >= 0) {
            after.put(last, block);
        }
        int step = last.now < 0 ? 1 : block - last.now;
        last = new Pair(last.now, block);
        return after.getOrDefault(last, Math.floorMod(block + step, blocks));
    }
}

package glance.op;

import java.util.List;

/**
 * What is added to a frozen weight in a product: the same for all samples of the batch ({@link
 * LowRank}), or for each share of them its own or nothing ({@link LowRanks}).
 */
public sealed interface Addition permits LowRank, LowRanks {
    /**
     * That of each share of the batch, null for none. Shares are even and consecutive: of 4 samples
     * and 2 shares the first two samples have the first.
     */
    List<LowRank> shares();

    /** The largest inner dimension. */
    int rank();
}

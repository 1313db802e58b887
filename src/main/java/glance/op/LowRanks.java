package glance.op;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Low-rank additions of a batch whose samples have different ones, or not all of them one. What
 * Punica (Chen et al., arXiv 2310.18547) and S-LoRA (Sheng et al., arXiv 2311.03285) do for text.
 *
 * @param shares of even, consecutive shares of the samples, more than one; null for none
 */
public record LowRanks(List<LowRank> shares) implements Addition {
    public LowRanks {
        shares = Collections.unmodifiableList(Arrays.asList(shares.toArray(LowRank[]::new)));
        if (shares.size() < 2 || shares.stream().allMatch(Objects::isNull)) {
            throw new IllegalArgumentException(
                    "additions must be of two or more shares, not all without one, got " + shares);
        }
    }

    /**
     * The additions of a batch, in as few shares as possible.
     *
     * @param samples one for each sample or share, null for none
     * @return null if none has one
     */
    public static Addition of(List<LowRank> samples) {
        int share = samples.size();
        while (!isEven(samples, share)) {
            share--;
        }
        if (share == samples.size()) {
            return samples.get(0);
        }
        LowRank[] shares = new LowRank[samples.size() / share];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = samples.get(i * share);
        }
        return new LowRanks(Arrays.asList(shares));
    }

    /** Whether within each share of so many samples all have one addition. */
    private static boolean isEven(List<LowRank> samples, int share) {
        boolean even = samples.size() % share == 0;
        for (int i = 0; even && i < samples.size(); i++) {
            even = samples.get(i) == samples.get(i / share * share);
        }
        return even;
    }

    @Override
    public int rank() {
        return shares.stream().filter(Objects::nonNull).mapToInt(LowRank::rank).max().orElse(0);
    }
}

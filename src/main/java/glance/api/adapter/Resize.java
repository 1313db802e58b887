package glance.api.adapter;

import java.nio.file.Path;

/**
 * Lowers the rank of an adapter: {@code Resize.of(slow).rank(8)}. At least one of rank and energy
 * is needed.
 *
 * @param adapter a file, or the folder of one
 * @param rank the largest rank, at least 1; modules that have less keep what they have; null for
 *     what the energy needs
 * @param energy the share of each module's squared norm that is enough, above 0 and at most 1; null
 *     for all that the rank allows
 */
public record Resize(Path adapter, Integer rank, Double energy) {
    /** Of an adapter. */
    public static Resize of(Path adapter) {
        return new Resize(adapter, null, null);
    }

    /** The same with another largest rank. */
    public Resize rank(int other) {
        return new Resize(adapter, other, energy);
    }

    /** The same with another share. */
    public Resize energy(double other) {
        return new Resize(adapter, rank, other);
    }

    /**
     * What became of a module.
     *
     * @param module its name
     * @param before its rank before
     * @param rank its rank now
     * @param kept the share of the squared norm that is left
     */
    public record Module(String module, int before, int rank, double kept) {}
}

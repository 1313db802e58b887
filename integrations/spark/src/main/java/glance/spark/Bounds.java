package glance.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.Partitioner;

/**
 * Shares pieces of work out, a given number to each task. Decided by the pieces alone, so that a
 * part that is lost and computed again holds the same.
 */
final class Bounds extends Partitioner {
    private final long[] firsts;

    private Bounds(long[] firsts) {
        this.firsts = firsts;
    }

    /**
     * @param places of all pieces, each once, rising
     * @param each pieces of a task
     */
    static Bounds of(List<Long> places, int each) {
        List<Long> firsts = new ArrayList<>();
        for (int i = 0; i < places.size(); i += each) {
            firsts.add(places.get(i));
        }
        return new Bounds(firsts.stream().mapToLong(Long::longValue).toArray());
    }

    @Override
    public int numPartitions() {
        return Math.max(1, firsts.length);
    }

    @Override
    public int getPartition(Object place) {
        int found = Arrays.binarySearch(firsts, (Long) place);
        return Math.max(0, found >= 0 ? found : -found - 2);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bounds bounds && Arrays.equals(firsts, bounds.firsts);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(firsts);
    }
}

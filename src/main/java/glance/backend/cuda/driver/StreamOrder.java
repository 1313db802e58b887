package glance.backend.cuda.driver;

import glance.api.DeviceException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What events put in order, and what they do not. The emulator does everything at once, so a copy
 * that a GPU may do too early or too late does no harm there. Here it is found: work of one stream
 * on an allocation that another stream has worked on must come after that, by an event that it
 * waits for or because the host has waited.
 *
 * <p>Each stream numbers its work. What a stream, an event or the host knows to be done is a number
 * for each stream (a vector clock; Mattern, 1988). An allocation remembers the last work of each
 * stream on it, be it reading or writing: two streams that only read would be called a mistake,
 * which the engine has no use for.
 */
final class StreamOrder {
    private final Map<Long, Long> done = new HashMap<>(); // what the host knows
    private final Map<Long, Map<Long, Long>> known = new HashMap<>(); // by stream
    private final Map<Long, Map<Long, Long>> events = new HashMap<>();
    private final TreeMap<Long, Allocation> allocations = new TreeMap<>();
    private final Map<ByteBuffer, Map<Long, Long>> sources = new IdentityHashMap<>();

    private record Allocation(long bytes, Map<Long, Long> touched) {}

    void allocated(long address, long bytes) {
        allocations.put(address, new Allocation(bytes, new HashMap<>()));
    }

    void freed(long address) {
        allocations.remove(address);
    }

    /** The event happens after the work of the stream so far. */
    void record(long event, long stream) {
        events.put(event, new HashMap<>(of(stream)));
    }

    /** The stream goes on after the event. */
    void waitEvent(long stream, long event) {
        join(of(stream), events.getOrDefault(event, Map.of()));
    }

    /** The host goes on after the event. */
    void await(long event) {
        join(done, events.getOrDefault(event, Map.of()));
    }

    /** The host goes on after the work of the stream so far. */
    void synchronize(long stream) {
        join(done, of(stream));
    }

    void forget(long event) {
        events.remove(event);
    }

    /**
     * Work of a stream reads or writes what lies at some addresses; numbers that are no addresses
     * do no harm.
     *
     * @param what for the message
     * @throws DeviceException if nothing puts it after the work of another stream
     */
    void work(Object what, long stream, long... addresses) {
        Map<Long, Long> mine = of(stream);
        join(mine, done);
        long number = mine.merge(stream, 1L, Long::sum);
        for (long address : addresses) {
            Map.Entry<Long, Allocation> entry = allocations.floorEntry(address);
            if (entry != null && address < entry.getKey() + entry.getValue().bytes()) {
                Map<Long, Long> touched = entry.getValue().touched();
                requireAfter(what, mine, touched, entry.getKey());
                touched.put(stream, number);
            }
        }
    }

    private static void requireAfter(
            Object what, Map<Long, Long> mine, Map<Long, Long> touched, long address) {
        touched.forEach(
                (other, number) -> {
                    if (mine.getOrDefault(other, 0L) < number) {
                        throw new DeviceException(
                                String.format(
                                        "cuda-emulated: %s may come too early or too late: nothing"
                                                + " puts it after the last work of stream %d on the"
                                                + " memory at 0x%x; wait for an event",
                                        what, other, address));
                    }
                });
    }

    /** The last work of a stream reads or writes pinned memory. */
    void uses(ByteBuffer pinned, long stream) {
        sources.computeIfAbsent(pinned, key -> new HashMap<>()).put(stream, of(stream).get(stream));
    }

    /**
     * Pinned memory is given back.
     *
     * @throws DeviceException if the host does not know that the copies from it and to it are done
     */
    void releases(ByteBuffer pinned) {
        Map<Long, Long> users = sources.remove(pinned);
        if (users != null) {
            users.forEach(
                    (stream, number) -> {
                        if (done.getOrDefault(stream, 0L) < number) {
                            throw new DeviceException(
                                    "cuda-emulated: pinned memory is given back while stream "
                                            + stream
                                            + " may copy from it; synchronize first");
                        }
                    });
        }
    }

    private Map<Long, Long> of(long stream) {
        return known.computeIfAbsent(stream, key -> new HashMap<>());
    }

    private static void join(Map<Long, Long> into, Map<Long, Long> other) {
        other.forEach((stream, number) -> into.merge(stream, number, Math::max));
    }
}

package glance.pipeline;

import glance.backend.LowRank;
import glance.model.Velocity;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The velocity of one batch of texts under each set of adapters of a run, conditioning and all. A
 * set is known by its instance, see {@link DenoisingStep#adapters}.
 */
final class Conditioned {
    private final Map<Map<String, LowRank>, Velocity> velocities = new IdentityHashMap<>();

    void put(Map<String, LowRank> adapters, Velocity velocity) {
        velocities.put(adapters, velocity);
    }

    /** Tells every set of adapters and the velocity under it. */
    void forEach(BiConsumer<Map<String, LowRank>, Velocity> consumer) {
        velocities.forEach(consumer);
    }
}

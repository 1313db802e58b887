package glance.nn;

import glance.ops.Ops;
import glance.ops.StreamedWeights;
import glance.ops.WeightLimit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Weights of a component that come to the device and leave it together. Its matrices may have
 * blocks, of which those that have no room stream from host memory; the architecture does not
 * notice. Vectors are small, and stay.
 */
final class WeightSet {
    private final Ops ops;
    private final Consumer<WeightSet> decision;
    private final Map<String, Weight> weights = new LinkedHashMap<>();
    private final Map<String, List<Weight>> blocks = new LinkedHashMap<>();
    private final Map<Weight, Integer> turnOf = new HashMap<>();
    private List<List<Weight>> streaming = List.of();
    private StreamedWeights turns; // null before the first weight that takes part is read
    private boolean decided;

    /**
     * @param decision calls {@link #decide} before the first weight comes
     */
    WeightSet(Ops ops, Consumer<WeightSet> decision) {
        this.ops = ops;
        this.decision = decision;
    }

    /**
     * Adds a weight.
     *
     * @param block that it belongs to; null if it stays on the device in any case
     */
    void add(String name, Weight weight, String block) {
        weights.put(name, weight);
        if (block != null && weight.shape().rank() > 1) {
            blocks.computeIfAbsent(block, key -> new ArrayList<>()).add(weight);
        }
    }

    /** All weights by their names. */
    Map<String, Weight> all() {
        return Collections.unmodifiableMap(weights);
    }

    /** What all of it takes on the device. */
    long bytes() {
        return weights.values().stream().mapToLong(this::bytes).sum();
    }

    private long bytes(Weight weight) {
        return ops.host().weightBytes(weight.dtype(), weight.shape());
    }

    private long bytesInBlock(List<Weight> block) {
        return block.stream()
                .mapToLong(weight -> ops.host().bytesInBlock(weight.dtype(), weight.shape()))
                .sum();
    }

    private long sum(Collection<List<Weight>> some) {
        return some.stream().flatMap(List::stream).mapToLong(this::bytes).sum();
    }

    /** Whether it is known which weights stream. */
    boolean isDecided() {
        return decided;
    }

    /** The least that it takes on the device, with all blocks in host memory. */
    long leastBytes() {
        return Math.min(bytes(), bytes() - sum(blocks.values()) + places(all(blocks)));
    }

    private static List<List<Weight>> all(Map<String, List<Weight>> blocks) {
        return List.copyOf(blocks.values());
    }

    /** The places that some blocks need to take turns in. */
    private long places(List<List<Weight>> some) {
        return 2 * some.stream().mapToLong(this::bytesInBlock).max().orElse(0);
    }

    /**
     * Leaves as few blocks in host memory as fit the room, evenly spread: so each copy has the
     * blocks in between to hide behind.
     *
     * @return what it takes of the room
     */
    long decide(long room) {
        decided = true;
        long all = bytes();
        if (all <= room) {
            return all;
        }
        List<List<Weight>> candidates = all(blocks);
        for (int count = 3; count <= candidates.size(); count++) { // two have room anyway
            List<List<Weight>> chosen = spread(candidates, count);
            long taken = all - sum(chosen) + places(chosen);
            if (taken <= room || count == candidates.size()) {
                stream(chosen);
                return taken;
            }
        }
        return all; // too few blocks
    }

    private static List<List<Weight>> spread(List<List<Weight>> blocks, int count) {
        List<List<Weight>> chosen = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            chosen.add(blocks.get((int) ((2L * i + 1) * blocks.size() / (2L * count))));
        }
        return chosen;
    }

    private void stream(List<List<Weight>> chosen) {
        streaming = chosen;
        for (int i = 0; i < chosen.size(); i++) {
            for (Weight weight : chosen.get(i)) {
                turnOf.put(weight, i);
            }
        }
    }

    /** What became of it; null if all of it stays on the device. */
    WeightLimit.Split split() {
        long host = sum(streaming);
        return streaming.isEmpty()
                ? null
                : new WeightLimit.Split(streaming.size(), bytes() - host, host);
    }

    /** Brings a weight to the device, or its block to where it takes turns. */
    void bring(Weight weight) {
        if (!decided) {
            decision.accept(this);
        }
        Integer block = turnOf.get(weight);
        if (block == null) {
            weight.bring(host -> ops.host().adopt(host.dtype(), host.shape(), host.data()));
            return;
        }
        if (turns == null) {
            turns = ops.host().stream(streaming.size(), places(streaming) / 2);
        }
        for (Weight each : streaming.get(block)) {
            each.bring(host -> turns.add(block, host.dtype(), host.shape(), host.data()));
        }
    }

    /** Brings all of them. */
    void load() {
        weights.values().forEach(Weight::tensor);
    }

    /** Frees the memory of all of them, until they are read again. */
    void unload() {
        weights.values().forEach(Weight::unload);
        if (turns != null) {
            turns.close();
            turns = null;
        }
        turnOf.clear();
        streaming = List.of();
        decided = false;
    }
}

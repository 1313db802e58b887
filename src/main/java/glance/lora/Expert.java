package glance.lora;

import glance.api.BlockFactors;
import glance.api.Strength;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * An adapter in a run: what the file holds, and how strong it is in which steps of the plan. Read
 * once, never changed; many runs may share the file.
 */
public final class Expert {
    private final LoraFile file;
    private final SortedMap<Integer, Float> strengths;
    private final BlockFactors blocks;

    /**
     * @param file the matrices, and the note about the steps that they were trained for
     * @param strength in each of the steps
     * @param steps numbers of steps of the plan, from 1
     * @param blocks factors on top of the strength
     * @throws glance.api.RequestException if the strength is a list of another length
     */
    public Expert(LoraFile file, Strength strength, SortedSet<Integer> steps, BlockFactors blocks) {
        this.file = file;
        this.strengths =
                steps.isEmpty()
                        ? Collections.emptySortedMap()
                        : Collections.unmodifiableSortedMap(strength.over(steps));
        this.blocks = blocks;
    }

    /** The file. */
    public LoraFile file() {
        return file;
    }

    /** The strength in each step in which it takes part; 1 is as trained. */
    public SortedMap<Integer, Float> strengths() {
        return strengths;
    }

    /** The same for work that is done once for all steps, at a strength of its own. */
    public Expert inOneStep(float strength) {
        return new Expert(file, Strength.of(strength), new TreeSet<>(Set.of(1)), BlockFactors.ONE);
    }

    /** Factors on top of the strength. */
    BlockFactors blocks() {
        return blocks;
    }

    /** Whether it takes part in a step; strength 0 throughout is none. */
    boolean isIn(int step) {
        return strengths.containsKey(step) && strengths.values().stream().anyMatch(s -> s != 0);
    }

    @Override
    public String toString() {
        return file + " " + strengths;
    }
}

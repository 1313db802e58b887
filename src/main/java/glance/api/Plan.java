package glance.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A plan as its author writes it, for any model and image size. {@link Plans} has those with names;
 * others may be written in JSON files. Refusals start with the key that a file has for the value;
 * they do not repeat text, which may come from a stranger's picture.
 *
 * @param name letters, digits, spaces and {@code . _ + -}, at most 64
 * @param levels the noise levels
 * @param phases ranges of steps with names; steps outside have none
 * @param adapters for some of the phases, adapters that belong to the plan
 * @param advice what its adapters were trained for
 */
public record Plan(
        String name,
        Levels levels,
        List<Phase> phases,
        Map<String, List<Adapter>> adapters,
        Advice advice) {

    /** More steps than the models have training timesteps are not more precise. */
    public static final int MAX_STEPS = 1000;

    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._+-]{0,63}");
    private static final Pattern PHASE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,31}");

    /** Where the noise levels come from. */
    public sealed interface Levels {
        /** Number of steps. */
        int count();
    }

    /**
     * Steps of the model's own grid, which depends on the image size.
     *
     * @param of number of steps of the grid, 1 to 1000
     * @param keep the kept ones, counting from 1, in rising order
     */
    public record GridSteps(int of, List<Integer> keep) implements Levels {
        /**
         * @throws RequestException if nothing is kept, or not in that range and order
         */
        public GridSteps {
            require(of >= 1 && of <= MAX_STEPS, "of: must be 1 to " + MAX_STEPS + ", got " + of);
            keep = List.copyOf(keep);
            require(!keep.isEmpty(), "keep: must list at least one step");
            int previous = 0;
            for (int step : keep) {
                require(step >= 1 && step <= of, "keep: step " + step + " is not in 1 to " + of);
                require(
                        step > previous,
                        "keep: steps must rise, got " + step + " after " + previous);
                previous = step;
            }
        }

        /** All steps of a grid. */
        public static GridSteps all(int of) {
            return new GridSteps(
                    of, IntStream.rangeClosed(1, Math.min(of, MAX_STEPS)).boxed().toList());
        }

        @Override
        public int count() {
            return keep.size();
        }
    }

    /**
     * Noise levels as they are, whatever the model and the image size.
     *
     * @param values from at most 1 downwards, above 0; the final 0 is understood
     */
    public record FixedSigmas(List<Float> values) implements Levels {
        /**
         * @throws RequestException if there are none, too many, or they are not in that range and
         *     order
         */
        public FixedSigmas {
            values = List.copyOf(values);
            require(
                    !values.isEmpty() && values.size() <= MAX_STEPS,
                    "sigmas: must list 1 to " + MAX_STEPS + " values, got " + values.size());
            float previous = Float.POSITIVE_INFINITY;
            for (float sigma : values) {
                require(
                        sigma > 0 && sigma <= 1,
                        "sigmas: must lie above 0 and at most at 1 (the final 0 is added), got "
                                + sigma);
                require(sigma < previous, "sigmas: must fall, got " + sigma + " after " + previous);
                previous = sigma;
            }
        }

        @Override
        public int count() {
            return values.size();
        }
    }

    /**
     * A range of steps with a name.
     *
     * @param name a letter, then letters, digits, {@code _} and {@code -}, at most 32
     * @param first number of its first step in the plan, counting from 1
     * @param last number of its last step in the plan
     */
    public record Phase(String name, int first, int last) {
        /**
         * @throws RequestException if the name or the range is malformed
         */
        public Phase {
            require(
                    isPhaseName(name),
                    "phases: a name must start with a letter and have only letters, digits, _ and -"
                            + " (at most 32)");
            require(
                    first >= 1 && first <= last,
                    "phases."
                            + name
                            + ": must be [first, last], got ["
                            + first
                            + ", "
                            + last
                            + "]");
        }
    }

    /**
     * An adapter of a phase. It stays text until it is used: plans travel in pictures, and no file
     * that a stranger names is looked at before the user was told.
     *
     * @param text {@code FILE[:STRENGTH]}, and {@code @STEPS} for a part of the phase
     * @param blocks factors on top of the strength
     */
    public record Adapter(String text, BlockFactors blocks) {}

    /**
     * What a plan is used with where the user does not say it; null for what the model and the
     * adapter say.
     *
     * @param guidance scale of guidance with a negative prompt, at least 1, which is none for all
     *     models, however their cards count
     * @param embeddedGuidance scale for models that take it as an input
     * @param strength of adapters that are given without one
     */
    public record Advice(Float guidance, Float embeddedGuidance, Float strength) {
        /** None. */
        public static final Advice NONE = new Advice(null, null, null);

        /**
         * @throws RequestException if a value is out of range
         */
        public Advice {
            require(
                    guidance == null || Float.isFinite(guidance) && guidance >= 1,
                    "guidance: must be at least 1 (1 turns it off), got " + guidance);
            require(
                    embeddedGuidance == null
                            || Float.isFinite(embeddedGuidance) && embeddedGuidance >= 0,
                    "embedded_guidance: must be at least 0, got " + embeddedGuidance);
            require(
                    strength == null || Float.isFinite(strength),
                    "strength: must be a finite number, got " + strength);
        }
    }

    /**
     * @throws RequestException if the name is malformed, phases overlap or go beyond the last step,
     *     or an adapter belongs to no phase
     */
    public Plan {
        require(
                isName(name),
                "name: must have letters, digits, spaces and . _ + - (at most 64), a letter or digit"
                        + " first");
        phases = List.copyOf(phases);
        Set<String> names = new TreeSet<>();
        String[] owners = new String[levels.count() + 1];
        for (Phase phase : phases) {
            String where = "phases." + phase.name() + ": ";
            require(names.add(phase.name()), where + "is given twice");
            require(
                    phase.last() <= levels.count(),
                    where + "step " + phase.last() + " is beyond the last step " + levels.count());
            for (int step = phase.first(); step <= phase.last(); step++) {
                require(
                        owners[step] == null,
                        where + "step " + step + " is also in phase " + owners[step]);
                owners[step] = phase.name();
            }
        }
        Map<String, List<Adapter>> copy = new LinkedHashMap<>();
        adapters.forEach(
                (phase, files) -> {
                    require(
                            names.contains(phase),
                            "adapters: has a phase that is none of " + names);
                    copy.put(phase, List.copyOf(files));
                });
        adapters = Collections.unmodifiableMap(copy);
    }

    /** A plan without adapters and advice. */
    public Plan(String name, Levels levels, List<Phase> phases) {
        this(name, levels, phases, Map.of(), Advice.NONE);
    }

    /** The same with adapters. */
    public Plan adapters(Map<String, List<Adapter>> others) {
        return new Plan(name, levels, phases, others, advice);
    }

    /** The same with advice. */
    public Plan advice(Advice other) {
        return new Plan(name, levels, phases, adapters, other);
    }

    /** Whether a text can be the name of a plan. */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    static boolean isPhaseName(String text) {
        return PHASE.matcher(text).matches();
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new RequestException(message);
        }
    }
}

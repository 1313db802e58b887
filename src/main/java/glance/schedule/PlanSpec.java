package glance.schedule;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A plan as its author writes it, for any model and image size. {@link Plans} has those with names,
 * {@link PlanJson} reads and writes files. Refusals start with the key that a file has for the
 * value; they do not repeat text, which may come from a stranger's picture.
 *
 * @param name letters, digits, spaces and {@code . _ + -}, at most 64
 * @param levels the noise levels
 * @param phases ranges of steps with names; steps outside have none
 * @param adapters for some of the phases, adapters as {@code FILE[:scale]}
 */
public record PlanSpec(
        String name, Levels levels, List<Phase> phases, Map<String, List<String>> adapters) {

    /** More steps than the models have training timesteps are not more precise. */
    static final int MAX_STEPS = 1000;

    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._+-]{0,63}");
    private static final Pattern PHASE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,31}");

    /** Where the noise levels come from. */
    public sealed interface Levels {
        /** Number of steps. */
        int count();

        /** The noise level of each step and the final 0. */
        float[] sigmas(NoiseSchedule schedule, int imageSeqLen);
    }

    /**
     * Steps of the model's own grid, which depends on the image size.
     *
     * @param of number of steps of the grid, 1 to 1000
     * @param keep the kept ones, counting from 1, in rising order
     */
    public record GridSteps(int of, List<Integer> keep) implements Levels {
        /**
         * @throws IllegalArgumentException if nothing is kept, or not in that range and order
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

        @Override
        public float[] sigmas(NoiseSchedule schedule, int imageSeqLen) {
            float[] grid = schedule.sigmas(of, imageSeqLen);
            float[] sigmas = new float[keep.size() + 1];
            for (int i = 0; i < keep.size(); i++) {
                sigmas[i] = grid[keep.get(i) - 1];
            }
            return sigmas;
        }
    }

    /**
     * Noise levels as they are, whatever the model and the image size.
     *
     * @param values from at most 1 downwards, above 0; the final 0 is understood
     */
    public record FixedSigmas(List<Float> values) implements Levels {
        /**
         * @throws IllegalArgumentException if there are none, too many, or they are not in that
         *     range and order
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

        @Override
        public float[] sigmas(NoiseSchedule schedule, int imageSeqLen) {
            float[] sigmas = new float[values.size() + 1];
            for (int i = 0; i < values.size(); i++) {
                sigmas[i] = values.get(i);
            }
            return sigmas;
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
         * @throws IllegalArgumentException if the name or the range is malformed
         */
        public Phase {
            require(
                    PHASE.matcher(name).matches(),
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
     * @throws IllegalArgumentException if the name is malformed, phases overlap or go beyond the
     *     last step, or an adapter belongs to no phase
     */
    public PlanSpec {
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
        Map<String, List<String>> copy = new LinkedHashMap<>();
        adapters.forEach(
                (phase, files) -> {
                    require(
                            names.contains(phase),
                            "adapters: has a phase that is none of " + names);
                    copy.put(phase, List.copyOf(files));
                });
        adapters = Collections.unmodifiableMap(copy);
    }

    /** A plan without adapters. */
    public PlanSpec(String name, Levels levels, List<Phase> phases) {
        this(name, levels, phases, Map.of());
    }

    /**
     * The plan for one model and image size.
     *
     * @param imageSeqLen number of image tokens
     * @throws IllegalArgumentException if two noise levels in a row are equal
     */
    public PhasePlan resolve(NoiseSchedule schedule, int imageSeqLen) {
        float[] sigmas = levels.sigmas(schedule, imageSeqLen);
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < levels.count(); i++) {
            steps.add(new Step(i + 1, sigmas[i], sigmas[i + 1], phaseOf(i + 1)));
        }
        return new PhasePlan(name, steps);
    }

    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    private String phaseOf(int step) {
        return phases.stream()
                .filter(phase -> phase.first() <= step && step <= phase.last())
                .map(Phase::name)
                .findFirst()
                .orElse(null);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}

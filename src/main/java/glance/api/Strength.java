package glance.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How strong an adapter is in each of its steps; 1 is as trained, 0 is without it, negative is away
 * from it. As text: a number {@code 0.8}, a ramp {@code 0.2..1} from the first to the last of its
 * steps, or a list {@code 1/0.8/0.5} with a number for each of them.
 */
public sealed interface Strength {
    /** As trained, in all steps. */
    Strength FULL = of(1);

    /** What the plan says of its adapters ({@link Plan.Advice}), else as trained. */
    Strength OF_PLAN = new OfPlan();

    /** The strength in the first of the steps. */
    float first();

    /**
     * The strength in each of the adapter's steps.
     *
     * @param steps their numbers
     * @throws RequestException if a list has another length
     */
    SortedMap<Integer, Float> over(SortedSet<Integer> steps);

    /** The same in all steps. */
    static Strength of(float value) {
        return new Constant(value);
    }

    /** From a value in the first step to another in the last. */
    static Strength ramp(float from, float to) {
        return new Ramp(from, to);
    }

    /** A value for each step, in their order. */
    static Strength each(float... values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return new Each(list);
    }

    /**
     * Reads a number, a ramp or a list; {@code toString} writes what this reads.
     *
     * @throws RequestException if it is none of them
     */
    static Strength parse(String text) {
        int dots = text.indexOf("..");
        if (dots >= 0) {
            return ramp(number(text.substring(0, dots)), number(text.substring(dots + 2)));
        }
        if (text.indexOf('/') >= 0) {
            return new Each(Arrays.stream(text.split("/", -1)).map(Strength::number).toList());
        }
        return of(number(text));
    }

    private static float number(String text) {
        try {
            return Float.parseFloat(text);
        } catch (NumberFormatException e) {
            throw new RequestException(
                    "strength '"
                            + text
                            + "' is not a number; write a number such as 0.8, a ramp such as"
                            + " 0.2..1, or a list such as 1/0.8/0.5",
                    e);
        }
    }

    private static void requireFinite(float value) {
        if (!Float.isFinite(value)) {
            throw new RequestException("strength must be a finite number, got " + value);
        }
    }

    private static String text(float value) {
        return value == (int) value ? Integer.toString((int) value) : Float.toString(value);
    }

    /** See {@link #OF_PLAN}. */
    record OfPlan() implements Strength {
        @Override
        public float first() {
            return FULL.first();
        }

        @Override
        public SortedMap<Integer, Float> over(SortedSet<Integer> steps) {
            return FULL.over(steps);
        }

        @Override
        public String toString() {
            return FULL.toString();
        }
    }

    /**
     * The same in all steps.
     *
     * @param value a finite number
     */
    record Constant(float value) implements Strength {
        /**
         * @throws RequestException if the value is not finite
         */
        public Constant {
            requireFinite(value);
        }

        @Override
        public float first() {
            return value;
        }

        @Override
        public SortedMap<Integer, Float> over(SortedSet<Integer> steps) {
            SortedMap<Integer, Float> result = new TreeMap<>();
            steps.forEach(step -> result.put(step, value));
            return result;
        }

        @Override
        public String toString() {
            return text(value);
        }
    }

    /**
     * Linear in the number of the step: {@code (1 - t) from + t to} with {@code t = (step - first)
     * / (last - first)}; a single step has the first value.
     *
     * @param from in the first step, a finite number
     * @param to in the last step, a finite number
     */
    record Ramp(float from, float to) implements Strength {
        /**
         * @throws RequestException if a value is not finite
         */
        public Ramp {
            requireFinite(from);
            requireFinite(to);
        }

        @Override
        public float first() {
            return from;
        }

        @Override
        public SortedMap<Integer, Float> over(SortedSet<Integer> steps) {
            SortedMap<Integer, Float> result = new TreeMap<>();
            for (int step : steps) {
                float length = Math.max(1, steps.last() - steps.first());
                float t = (step - steps.first()) / length;
                result.put(step, (1 - t) * from + t * to);
            }
            return result;
        }

        @Override
        public String toString() {
            return text(from) + ".." + text(to);
        }
    }

    /**
     * A value for each step.
     *
     * @param values finite numbers, at least one
     */
    record Each(List<Float> values) implements Strength {
        /**
         * @throws RequestException if there is no value, or one is not finite
         */
        public Each {
            values = List.copyOf(values);
            if (values.isEmpty()) {
                throw new RequestException("strength: the list has no value");
            }
            values.forEach(Strength::requireFinite);
        }

        @Override
        public float first() {
            return values.get(0);
        }

        @Override
        public SortedMap<Integer, Float> over(SortedSet<Integer> steps) {
            if (steps.size() != values.size()) {
                throw new RequestException(
                        "strength '"
                                + this
                                + "': has "
                                + values.size()
                                + " values for "
                                + steps.size()
                                + " steps; give one for each");
            }
            SortedMap<Integer, Float> result = new TreeMap<>();
            int next = 0;
            for (int step : steps) {
                result.put(step, values.get(next++));
            }
            return result;
        }

        @Override
        public String toString() {
            String text = values.stream().map(Strength::text).collect(Collectors.joining("/"));
            // a list of one is no number
            return values.size() == 1 ? text + ".." + text : text;
        }
    }
}

package glance.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Strengths of one or two adapters in rows and columns. Of two, each in its own steps, the first
 * has the rows and the second the columns; of one, the columns are its strengths and the rows the
 * steps that it is active in.
 *
 * <pre>{@code
 * LoraGrid.of(Lora.of(slow), 0, 0.5f, 1).by(Lora.of(fast), 0, 0.5f, 1);
 * LoraGrid.of(Lora.of(style), 0, 0.5f, 1).on("0%-50%", "50%-100%");
 * }</pre>
 *
 * @param axes one or two
 * @param steps of the rows of a single adapter; if empty, its own, else the phases of the plan
 */
public record LoraGrid(List<Axis> axes, List<Steps> steps) {
    /** More than that on one side no picture shows. */
    public static final int MAX_SIDE = 32;

    /**
     * An adapter and its strengths, in order.
     *
     * @param lora the adapter; its own strength does not count
     * @param strengths 1 to 32; 0 is without it
     */
    public record Axis(Lora lora, List<Strength> strengths) {
        /**
         * @throws RequestException if there are none, or too many
         */
        public Axis {
            strengths = List.copyOf(strengths);
            requireSide("strengths", strengths);
        }

        static Axis of(Lora lora, float... strengths) {
            List<Strength> list = new ArrayList<>();
            for (float value : strengths) {
                list.add(Strength.of(value));
            }
            return new Axis(lora, list);
        }
    }

    /**
     * @throws RequestException if there are not one or two adapters, too many steps, or steps where
     *     they have no row
     */
    public LoraGrid {
        axes = List.copyOf(axes);
        steps = List.copyOf(steps);
        if (axes.isEmpty() || axes.size() > 2) {
            throw new RequestException("a grid has one or two adapters, got " + axes.size());
        }
        if (!steps.isEmpty()) {
            requireSide("steps", steps);
            if (axes.size() == 2) {
                throw new RequestException(
                        "a grid of two adapters has no rows for steps; give each adapter its own,"
                                + " such as "
                                + axes.get(0).lora().path()
                                + "@"
                                + steps.get(0));
            }
            if (axes.get(0).lora().steps() != null) {
                throw new RequestException(
                        "the steps of a grid are given twice: @"
                                + axes.get(0).lora().steps()
                                + " and "
                                + steps.get(0));
            }
        }
    }

    private static void requireSide(String what, List<?> values) {
        if (values.isEmpty() || values.size() > MAX_SIDE) {
            throw new RequestException(
                    "a grid has 1 to " + MAX_SIDE + " " + what + ", got " + values.size());
        }
    }

    /** A grid of one adapter. */
    public static LoraGrid of(Lora lora, float... strengths) {
        return new LoraGrid(List.of(Axis.of(lora, strengths)), List.of());
    }

    /** The same with a second adapter, whose strengths are the columns. */
    public LoraGrid by(Lora lora, float... strengths) {
        List<Axis> all = new ArrayList<>(axes);
        all.add(Axis.of(lora, strengths));
        return new LoraGrid(all, steps);
    }

    /**
     * The same with these steps as rows, such as {@code slow} or {@code 1-5}: see {@link Steps}.
     *
     * @throws RequestException if a text is malformed
     */
    public LoraGrid on(String... rows) {
        return new LoraGrid(axes, Arrays.stream(rows).map(Steps::parse).toList());
    }
}

package glance.schedule;

import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Some steps of a plan, as a person writes them: numbers, ranges and phases with commas between
 * them, such as {@code 3}, {@code 1-5}, {@code 1-3,7} or {@code slow}.
 */
public final class StepRange {
    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?");

    private StepRange() {}

    /**
     * The numbers of the steps, rising.
     *
     * @throws IllegalArgumentException if the text is malformed, a step is not in the plan, or the
     *     plan has no such phase
     */
    public static SortedSet<Integer> parse(String text, PhasePlan plan) {
        SortedSet<Integer> steps = new TreeSet<>();
        for (String part : text.split(",", -1)) {
            Matcher numbers = NUMBERS.matcher(part.strip());
            if (numbers.matches()) {
                int first = Integer.parseInt(numbers.group(1));
                int last = numbers.group(2) == null ? first : Integer.parseInt(numbers.group(2));
                addRange(steps, first, last, text, plan);
            } else {
                addPhase(steps, part.strip(), text, plan);
            }
        }
        return steps;
    }

    private static void addRange(
            SortedSet<Integer> steps, int first, int last, String text, PhasePlan plan) {
        if (first > last) {
            throw refuse(text, first + "-" + last + " runs backwards; write " + last + "-" + first);
        }
        int count = plan.steps().size();
        if (first < 1 || last > count) {
            throw refuse(
                    text,
                    "step "
                            + (first < 1 ? first : last)
                            + " is not in plan "
                            + plan.name()
                            + ", which has steps 1 to "
                            + count);
        }
        for (int step = first; step <= last; step++) {
            steps.add(step);
        }
    }

    private static void addPhase(
            SortedSet<Integer> steps, String phase, String text, PhasePlan plan) {
        if (!plan.phases().contains(phase)) {
            String phases =
                    plan.phases().isEmpty()
                            ? "has no phases"
                            : "has the phases " + String.join(", ", plan.phases());
            throw refuse(
                    text,
                    "'"
                            + phase
                            + "' is neither a step, a range such as 1-5, nor a phase; plan "
                            + plan.name()
                            + " "
                            + phases);
        }
        plan.steps().stream()
                .filter(step -> phase.equals(step.phase()))
                .forEach(step -> steps.add(step.number()));
    }

    private static IllegalArgumentException refuse(String text, String reason) {
        return new IllegalArgumentException("steps '" + text + "': " + reason);
    }
}

package glance.api;

import glance.api.Plan.GridSteps;
import glance.api.Plan.Phase;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The plans that have names. Those of Glance (Dong et al., arXiv 2512.02899) keep steps of the
 * model's own 50, close together at high noise and far apart later:
 *
 * <pre>
 *             slow                fast
 * glance      1  3  5  7  9       11 21 31 41 50
 * glance-8    1     5     9       11 21 31 41 50
 * glance-15   1  3  5  7  9       11 15 20 24 28 33 37 41 46 50
 * </pre>
 *
 * The paper gives the steps of the first; of the other two (3 + 5 and 5 + 10) only the counts. Here
 * they keep the ends of both phases, and so the switch, and space the rest evenly, rounded.
 *
 * <p>Those of the adapters that the paper compares with, as their authors use them:
 *
 * <pre>
 * lightning-4, lightning-8   Qwen-Image-Lightning: levels 3 s / (1 + 2 s) of an even grid, no guidance
 * turbo-8                    FLUX.1-Turbo-Alpha: the model's own 8 steps, guidance 3.5
 * hyper-8                    Hyper-FLUX.1-dev-8steps: the same at strength 0.125
 * </pre>
 */
public final class Plans {
    /** The phase of high noise. */
    public static final String SLOW = "slow";

    /** The phase of low noise. */
    public static final String FAST = "fast";

    private static final int TEACHER_STEPS = 50;

    /** All 50 steps of the model. */
    public static final Plan FULL = new Plan("full", GridSteps.all(TEACHER_STEPS), List.of());

    /** Five slow and five fast steps. */
    public static final Plan GLANCE =
            glance("glance", List.of(1, 3, 5, 7, 9), List.of(11, 21, 31, 41, 50));

    private static final Pattern UNIFORM = Pattern.compile("(?:uniform-)?(\\d{1,9})");

    private static final Map<String, Plan> NAMED =
            Stream.of(
                            FULL,
                            GLANCE,
                            lightning(4),
                            lightning(8),
                            ofFlux("turbo-8", 1),
                            ofFlux("hyper-8", 0.125f),
                            glance("glance-8", List.of(1, 5, 9), List.of(11, 21, 31, 41, 50)),
                            glance(
                                    "glance-15",
                                    List.of(1, 3, 5, 7, 9),
                                    List.of(11, 15, 20, 24, 28, 33, 37, 41, 46, 50)))
                    .collect(Collectors.toUnmodifiableMap(Plan::name, Function.identity()));

    private Plans() {}

    /**
     * The names that {@link #named} knows; {@code uniform-N}, or N alone, stands for any number of
     * steps.
     */
    public static List<String> names() {
        return List.of(
                "full",
                "uniform-N",
                "glance",
                "glance-8",
                "glance-15",
                "lightning-4",
                "lightning-8",
                "turbo-8",
                "hyper-8");
    }

    /**
     * The plan with a name, if there is one.
     *
     * @throws RequestException if it is uniform-N with an N that is not 1 to 1000
     */
    public static Optional<Plan> named(String name) {
        Matcher uniform = UNIFORM.matcher(name);
        return uniform.matches()
                ? Optional.of(uniform(Integer.parseInt(uniform.group(1))))
                : Optional.ofNullable(NAMED.get(name));
    }

    /**
     * The plan with a name.
     *
     * @throws RequestException if there is none
     */
    public static Plan of(String name) {
        return named(name)
                .orElseThrow(
                        () ->
                                new RequestException(
                                        "plan '"
                                                + name
                                                + "': expected one of "
                                                + String.join(", ", names())));
    }

    /** The plan that has phases and is called this, if there is one. */
    public static Optional<Plan> phased(String name) {
        return Optional.ofNullable(NAMED.get(name)).filter(plan -> !plan.phases().isEmpty());
    }

    /**
     * The model's own grid of a number of steps, without phases.
     *
     * @throws RequestException if steps is not 1 to 1000
     */
    public static Plan uniform(int steps) {
        String name = "uniform-" + steps;
        if (steps < 1 || steps > Plan.MAX_STEPS) {
            throw new RequestException("plan '" + name + "': N must be 1 to " + Plan.MAX_STEPS);
        }
        return new Plan(name, GridSteps.all(steps), List.of());
    }

    /** The grid of FlowMatchEulerDiscreteScheduler with a dynamic shift of ln 3 at every size. */
    private static Plan lightning(int steps) {
        List<Float> levels =
                IntStream.range(0, steps)
                        .mapToObj(i -> 1 - (float) i / steps)
                        .map(s -> 3 * s / (1 + 2 * s))
                        .toList();
        return new Plan("lightning-" + steps, new Plan.FixedSigmas(levels), List.of())
                .advice(new Plan.Advice(1f, null, 1f));
    }

    private static Plan ofFlux(String name, float strength) {
        return new Plan(name, GridSteps.all(8), List.of())
                .advice(new Plan.Advice(null, 3.5f, strength));
    }

    private static Plan glance(String name, List<Integer> slow, List<Integer> fast) {
        List<Integer> keep = Stream.concat(slow.stream(), fast.stream()).toList();
        return new Plan(
                name,
                new GridSteps(TEACHER_STEPS, keep),
                List.of(
                        new Phase(SLOW, 1, slow.size()),
                        new Phase(FAST, slow.size() + 1, keep.size())));
    }
}

package glance.pipeline;

import glance.api.Lora;
import glance.api.Plan;
import glance.api.Plans;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Published adapters that make a model draw in few steps, known by the names of their files or
 * folders. Each is made for one plan.
 */
public final class SpeedAdapters {
    private static final Pattern LIGHTNING = Pattern.compile("(?i).*lightning.*?([48])-?steps?.*");
    private static final Pattern TURBO = Pattern.compile("(?i).*flux.*turbo-?alpha.*");
    private static final Pattern HYPER = Pattern.compile("(?i).*hyper-?flux.*8-?steps?.*");

    private SpeedAdapters() {}

    /** The plan that a file was made for, if its path tells. */
    public static Optional<Plan> plan(Path file) {
        String path = file.toString();
        Matcher lightning = LIGHTNING.matcher(path);
        if (lightning.matches()) {
            return Optional.of(Plans.of("lightning-" + lightning.group(1)));
        }
        if (HYPER.matcher(path).matches()) {
            return Optional.of(Plans.of("hyper-8"));
        }
        return TURBO.matcher(path).matches() ? Optional.of(Plans.of("turbo-8")) : Optional.empty();
    }

    /** The plan that some of these were made for, if it is one. */
    static Optional<Plan> plan(List<Lora> loras) {
        Set<Plan> plans = new LinkedHashSet<>();
        loras.forEach(lora -> plan(lora.path()).ifPresent(plans::add));
        return plans.size() == 1 ? plans.stream().findFirst() : Optional.empty();
    }

    /** What to say where an adapter meets another plan than its own; empty if it does not. */
    static Optional<String> misfit(Path file, String plan) {
        return plan(file)
                .map(Plan::name)
                .filter(own -> !own.equals(plan))
                .map(
                        own ->
                                file
                                        + ": is made for plan "
                                        + own
                                        + "; with plan "
                                        + plan
                                        + " its pictures are mostly worse");
    }
}

package glance.compare;

import glance.api.Outcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One run over all prompts and seeds.
 *
 * @param run its name
 * @param steps denoising steps of a picture
 * @param forwardPasses of a picture
 * @param pictures how many were made
 * @param medianSeconds of a picture; the median, because other programs disturb the mean
 * @param values over all pictures, by metric; without metrics that no picture has
 * @param seeds the same of the means that single seeds have over all prompts: what another seed
 *     would change
 * @param paired beside the run that the request names; null for that run and without scenes
 */
public record Summary(
        String run,
        int steps,
        int forwardPasses,
        int pictures,
        double medianSeconds,
        Map<Metric, Statistic> values,
        Map<Metric, Statistic> seeds,
        Paired paired) {

    /**
     * The summaries of all runs, in their order.
     *
     * @param against name of the run that others are paired with
     */
    public static List<Summary> of(List<Outcome> outcomes, String against) {
        Map<String, List<Outcome>> byRun = new LinkedHashMap<>();
        for (Outcome outcome : outcomes) {
            byRun.computeIfAbsent(outcome.run(), key -> new ArrayList<>()).add(outcome);
        }
        List<Outcome> others = byRun.getOrDefault(against, List.of());
        return byRun.values().stream().map(run -> ofRun(run, others)).toList();
    }

    private static Summary ofRun(List<Outcome> outcomes, List<Outcome> others) {
        Map<Long, List<Outcome>> bySeed = new TreeMap<>();
        for (Outcome outcome : outcomes) {
            bySeed.computeIfAbsent(outcome.seed(), key -> new ArrayList<>()).add(outcome);
        }
        Map<Metric, Statistic> values = new EnumMap<>(Metric.class);
        Map<Metric, Statistic> seeds = new EnumMap<>(Metric.class);
        for (Metric metric : Metric.values()) {
            Statistic all = statistic(metric, outcomes);
            if (all.count() > 0) {
                values.put(metric, all);
                seeds.put(
                        metric,
                        Statistic.of(
                                bySeed.values().stream()
                                        .mapToDouble(list -> statistic(metric, list).mean())
                                        .toArray()));
            }
        }
        Outcome first = outcomes.get(0);
        return new Summary(
                first.run(),
                first.steps(),
                first.forwardPasses(),
                outcomes.size(),
                Statistic.median(outcomes.stream().mapToDouble(Outcome::seconds).toArray()),
                values,
                seeds,
                outcomes.equals(others) || !values.containsKey(Metric.ALL_RIGHT)
                        ? null
                        : Paired.of(outcomes, others));
    }

    private static Statistic statistic(Metric metric, List<Outcome> outcomes) {
        return Statistic.of(
                outcomes.stream().mapToDouble(metric::of).filter(v -> !Double.isNaN(v)).toArray());
    }

    /** Whether several seeds were run, so that the spread over seeds is known. */
    public boolean hasSeveralSeeds() {
        return seeds.values().stream().anyMatch(statistic -> statistic.count() > 1);
    }
}

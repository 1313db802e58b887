package glance.compare;

import glance.api.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A run beside another, picture by picture of the same prompt and noise.
 *
 * @param won pictures that are all right in this run and not in the other
 * @param lost the reverse
 */
public record Paired(int won, int lost) {
    private record Place(int prompt, long seed) {}

    /** Of two lists of pictures; one that has no partner, or is no scene, does not count. */
    static Paired of(List<Outcome> run, List<Outcome> other) {
        Map<Place, Double> others = new HashMap<>();
        for (Outcome outcome : other) {
            others.put(place(outcome), Metric.ALL_RIGHT.of(outcome));
        }
        int won = 0;
        int lost = 0;
        for (Outcome outcome : run) {
            double mine = Metric.ALL_RIGHT.of(outcome);
            double theirs = others.getOrDefault(place(outcome), Double.NaN);
            // Comparisons with NaN are false.
            won += mine > theirs ? 1 : 0;
            lost += mine < theirs ? 1 : 0;
        }
        return new Paired(won, lost);
    }

    private static Place place(Outcome outcome) {
        return new Place(outcome.prompt(), outcome.seed());
    }

    /**
     * How likely chance alone gives such a split or a more uneven one: the two-sided sign test,
     * {@code min(1, 2 sum C(n, k) / 2^n)} over k from 0 to the smaller count, n = won + lost.
     */
    public double p() {
        int n = won + lost;
        double sum = 0;
        // C(n, k) / 2^n overflows as a quotient; its logarithm does not.
        double logTerm = -n * Math.log(2);
        for (int k = 0; k <= Math.min(won, lost); k++) {
            sum += Math.exp(logTerm);
            logTerm += Math.log(n - k) - Math.log(k + 1);
        }
        return Math.min(1, 2 * sum);
    }
}

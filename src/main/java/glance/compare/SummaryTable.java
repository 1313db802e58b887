package glance.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Summaries as cells of a table, for the terminal and for Markdown. */
public final class SummaryTable {
    private final List<Summary> summaries;
    private final List<Metric> metrics;
    private final boolean overSeeds;

    public SummaryTable(List<Summary> summaries) {
        this.summaries = List.copyOf(summaries);
        metrics =
                Arrays.stream(Metric.values())
                        .filter(m -> summaries.stream().anyMatch(s -> s.values().containsKey(m)))
                        .toList();
        overSeeds = summaries.stream().anyMatch(Summary::hasSeveralSeeds);
    }

    /** The heading of each column. */
    public List<String> header() {
        List<String> header = new ArrayList<>(List.of("run", "steps", "passes", "seconds"));
        metrics.forEach(metric -> header.add(metric.title()));
        return header;
    }

    /** A row for each run. */
    public List<List<String>> rows() {
        return summaries.stream().map(this::row).toList();
    }

    private List<String> row(Summary summary) {
        List<String> row =
                new ArrayList<>(
                        List.of(
                                summary.contender(),
                                Integer.toString(summary.steps()),
                                Integer.toString(summary.forwardPasses()),
                                number(summary.medianSeconds(), 2)));
        for (Metric metric : metrics) {
            row.add(cell(summary, metric));
        }
        return row;
    }

    private String cell(Summary summary, Metric metric) {
        Statistic value = summary.values().get(metric);
        if (value == null) {
            return "-";
        }
        Statistic spread = overSeeds ? summary.seeds().get(metric) : value;
        // Of single pictures a share is right or wrong; the spread of that says nothing new.
        boolean plain = Double.isNaN(spread.sd()) || !overSeeds && metric.isOfScenes();
        String mean = number(value.mean(), metric.decimals());
        return plain ? mean : mean + " ± " + number(spread.sd(), metric.decimals());
    }

    /** What the numbers are, in one line. */
    public String legend() {
        return "seconds: median of denoising one picture; the rest: mean over all pictures"
                + (overSeeds
                        ? " ± standard deviation of the means of single seeds"
                        : ", ± standard deviation over pictures");
    }

    private static String number(double value, int decimals) {
        if (Double.isInfinite(value)) {
            return "inf";
        }
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}

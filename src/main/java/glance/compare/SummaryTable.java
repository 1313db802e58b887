package glance.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Summaries as cells of a table, for the terminal and for Markdown. */
public final class SummaryTable {
    private final List<Summary> summaries;
    private final List<Metric> metrics;
    private final boolean overSeeds;
    private final String against;

    /**
     * @param against the run that others are paired with
     */
    public SummaryTable(List<Summary> summaries, String against) {
        this.against = against;
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
        if (hasPairs()) {
            header.addAll(List.of("won", "lost", "p"));
        }
        return header;
    }

    /** A row for each run. */
    public List<List<String>> rows() {
        return summaries.stream().map(this::row).toList();
    }

    /** One measure of the runs in the cells of a grid; the first row has the columns' names. */
    List<List<String>> grid(GridLayout grid) {
        Metric metric = metrics.contains(Metric.ALL_RIGHT) ? Metric.ALL_RIGHT : Metric.PSNR;
        Map<String, String> cells =
                summaries.stream().collect(Collectors.toMap(Summary::run, s -> cell(s, metric)));
        List<List<String>> rows = new ArrayList<>();
        rows.add(new ArrayList<>(List.of(metric.title())));
        rows.get(0).addAll(grid.columns());
        for (int i = 0; i < grid.rows().size(); i++) {
            List<String> row = new ArrayList<>(List.of(grid.rows().get(i)));
            grid.names().get(i).forEach(run -> row.add(cells.getOrDefault(run, "-")));
            rows.add(row);
        }
        return rows;
    }

    private List<String> row(Summary summary) {
        List<String> row =
                new ArrayList<>(
                        List.of(
                                summary.run(),
                                Integer.toString(summary.steps()),
                                Integer.toString(summary.forwardPasses()),
                                number(summary.medianSeconds(), 2)));
        for (Metric metric : metrics) {
            row.add(cell(summary, metric));
        }
        if (hasPairs()) {
            row.addAll(pair(summary.paired()));
        }
        return row;
    }

    private boolean hasPairs() {
        return summaries.stream().anyMatch(summary -> summary.paired() != null);
    }

    private static List<String> pair(Paired paired) {
        return paired == null
                ? List.of("-", "-", "-")
                : List.of(
                        Integer.toString(paired.won()),
                        Integer.toString(paired.lost()),
                        number(paired.p(), 3));
    }

    private String cell(Summary summary, Metric metric) {
        Statistic value = summary.values().get(metric);
        if (value == null) {
            return "-";
        }
        double spread = overSeeds ? summary.seeds().get(metric).error() : value.sd();
        // Of single pictures a share is right or wrong; the spread of that says nothing new.
        boolean plain = Double.isNaN(spread) || !overSeeds && metric.isOfScenes();
        String mean = number(value.mean(), metric.decimals());
        // A share's error is below 1 % of some hundred pictures.
        int decimals = Math.max(1, metric.decimals());
        return plain ? mean : mean + " ± " + number(spread, decimals);
    }

    /** What the numbers are, in one line. */
    public String legend() {
        return "seconds: median of denoising one picture; the rest: mean over all pictures"
                + (overSeeds
                        ? " ± standard error over seeds"
                        : ", ± standard deviation over pictures")
                + (hasPairs()
                        ? "; won: all right here and not in "
                                + against
                                + ", lost: the reverse, p: two-sided sign test"
                        : "");
    }

    private static String number(double value, int decimals) {
        if (Double.isInfinite(value)) {
            return "inf";
        }
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}

package glance.compare;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Share of right pictures by number of steps; without scenes, PSNR. Runs whose names differ only in
 * a last number, such as uniform-4 and uniform-6, are one line; the teacher is a level line. Bars
 * are standard errors over seeds.
 */
final class StepsChart {
    private static final Pattern NUMBERED = Pattern.compile("(.+)-\\d+");
    private static final int WIDTH = 900;
    private static final int HEIGHT = 540;

    private StepsChart() {}

    /** The chart, unless no two runs make a line. */
    static Optional<BufferedImage> of(List<Summary> summaries) {
        Summary teacher = summaries.get(0);
        Metric metric =
                teacher.values().containsKey(Metric.ALL_RIGHT) ? Metric.ALL_RIGHT : Metric.PSNR;
        Map<String, List<Summary>> lines = lines(summaries.subList(1, summaries.size()), metric);
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .xAxisTitle("steps")
                        .yAxisTitle(metric.title())
                        .build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideSE);
        chart.getStyler().setToolTipsEnabled(false);
        lines.forEach((name, runs) -> line(chart, name, runs, metric));
        if (teacher.values().containsKey(metric)) {
            level(chart, teacher, metric, lines);
        }
        return Optional.of(BitmapEncoder.getBufferedImage(chart));
    }

    private static Map<String, List<Summary>> lines(List<Summary> runs, Metric metric) {
        Map<String, List<Summary>> lines = new LinkedHashMap<>();
        for (Summary run : runs) {
            Matcher matcher = NUMBERED.matcher(run.run());
            Statistic value = run.values().get(metric);
            // Runs that are equal to the teacher have a PSNR that no axis holds.
            if (matcher.matches() && value != null && Double.isFinite(value.mean())) {
                lines.computeIfAbsent(matcher.group(1), key -> new ArrayList<>()).add(run);
            }
        }
        lines.values().removeIf(line -> line.size() < 2);
        lines.values().forEach(line -> line.sort(Comparator.comparingInt(Summary::steps)));
        return lines;
    }

    private static void line(XYChart chart, String name, List<Summary> runs, Metric metric) {
        double[] steps = runs.stream().mapToDouble(Summary::steps).toArray();
        double[] means = runs.stream().mapToDouble(r -> r.values().get(metric).mean()).toArray();
        double[] errors = runs.stream().mapToDouble(r -> r.seeds().get(metric).error()).toArray();
        boolean known = runs.stream().allMatch(Summary::hasSeveralSeeds);
        chart.addSeries(name, steps, means, known ? errors : null).setMarker(SeriesMarkers.CIRCLE);
    }

    private static void level(
            XYChart chart, Summary teacher, Metric metric, Map<String, List<Summary>> lines) {
        double[] ends =
                lines.values().stream()
                        .flatMap(List::stream)
                        .mapToDouble(Summary::steps)
                        .sorted()
                        .toArray();
        double mean = teacher.values().get(metric).mean();
        String name = teacher.run() + " (" + teacher.steps() + " steps)";
        chart.addSeries(
                        name,
                        new double[] {ends[0], ends[ends.length - 1]},
                        new double[] {mean, mean})
                .setMarker(SeriesMarkers.NONE);
    }
}

package glance.train;

import glance.io.Images;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The losses of a run as a picture: one line for each noise level, since levels differ more than
 * steps do. A loss depends much on the noise drawn, so lines are means of the last few losses of a
 * level. Examples without their caption are left out: what is asked of them is another thing.
 */
final class LossPlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 540;
    private static final int WINDOW = 5;

    private LossPlot() {}

    static void write(Path file, String title, List<TrainingLog.Row> rows) {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle("step")
                        .yAxisTitle("loss (mean of the last " + WINDOW + " of each sigma)")
                        .build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
        Map<Float, List<TrainingLog.Row>> bySigma = new TreeMap<>(Collections.reverseOrder());
        rows.stream()
                .filter(row -> !row.dropped())
                .forEach(
                        row ->
                                bySigma.computeIfAbsent(row.sigma(), sigma -> new ArrayList<>())
                                        .add(row));
        bySigma.forEach(
                (sigma, own) ->
                        chart.addSeries(
                                        String.format(Locale.ROOT, "sigma %.4f", sigma),
                                        own.stream().mapToDouble(TrainingLog.Row::step).toArray(),
                                        smooth(own))
                                .setMarker(SeriesMarkers.CIRCLE));
        BufferedImage image = BitmapEncoder.getBufferedImage(chart);
        Images.writePng(file, image, Map.of("Title", title));
    }

    private static double[] smooth(List<TrainingLog.Row> rows) {
        double[] result = new double[rows.size()];
        for (int i = 0; i < result.length; i++) {
            int first = Math.max(0, i + 1 - WINDOW);
            result[i] =
                    rows.subList(first, i + 1).stream()
                            .mapToDouble(TrainingLog.Row::loss)
                            .average()
                            .orElse(0);
        }
        return result;
    }
}

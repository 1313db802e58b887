package glance.compare;

import glance.api.Outcome;
import glance.api.RequestException;
import glance.io.Images;
import glance.io.SafeWrite;
import glance.schedule.Seeds;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files of a comparison, all in one folder:
 *
 * <pre>
 *   report.md       for people
 *   results.json    everything
 *   pictures.csv    a row for each picture
 *   sheet.png       the pictures; grid.png of a grid
 *   steps.png       quality by number of steps, where runs differ in that
 *   pictures        every picture in full size, if asked for
 * </pre>
 */
public final class ComparisonFiles {
    private static final String REPORT = "report.md";
    private static final String CSV = "pictures.csv";
    private static final String JSON = "results.json";
    private static final String SHEET = "sheet.png";
    private static final String GRID = "grid.png";
    private static final String CHART = "steps.png";
    private static final String PICTURES = "pictures";

    private ComparisonFiles() {}

    /** The name of a file of an earlier comparison in a folder, if one is there. */
    public static Optional<String> taken(Path folder) {
        return List.of(REPORT, CSV, JSON, SHEET, GRID, CHART, PICTURES).stream()
                .filter(name -> Files.exists(folder.resolve(name)))
                .findFirst();
    }

    /** Where the report expects pictures in full size. */
    public static Path pictures(Path folder) {
        return folder.resolve(PICTURES);
    }

    /** The name of one picture, such as {@code 003-7-slow_fast.png}. */
    public static String picture(Outcome outcome) {
        return String.format(
                "%03d-%s-%s.png",
                outcome.prompt() + 1,
                Seeds.text(outcome.seed()),
                outcome.run().replaceAll("[^A-Za-z0-9.-]+", "_"));
    }

    /** Writes everything but the pictures in full size. */
    public static Path write(Path folder, ReportFiles report, BufferedImage sheet) {
        folder(folder);
        String name = report.request().grid() == null ? SHEET : GRID;
        Map<String, String> text = Map.of("Software", "glance-engine");
        Images.writePng(folder.resolve(name), sheet, text);
        report.chart().ifPresent(chart -> Images.writePng(folder.resolve(CHART), chart, text));
        SafeWrite.write(folder.resolve(CSV), report.csv());
        SafeWrite.write(folder.resolve(JSON), report.json());
        SafeWrite.write(folder.resolve(REPORT), report.markdown(name));
        return folder.resolve(REPORT);
    }

    /**
     * A folder, made if missing.
     *
     * @throws RequestException if it cannot be
     */
    public static Path folder(Path folder) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new RequestException(folder + ": is a file; give a folder");
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be made (" + e + ")", e);
        }
        if (!Files.isWritable(folder)) {
            throw new RequestException(folder + ": cannot be written; choose another folder");
        }
        return folder;
    }
}

package glance;

import glance.api.Outcome;
import glance.compare.ComparisonFiles;
import glance.compare.Gallery;
import glance.compare.ReportFiles;
import glance.compare.SummaryTable;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What came of a comparison. */
public final class ComparisonReport {
    private final ReportFiles report;
    private final BufferedImage sheet;

    ComparisonReport(ReportFiles report, Gallery gallery) {
        this.report = report;
        this.sheet = gallery.sheet();
    }

    /** Every picture, measured: in the order of prompts, seeds and runs, the teacher first. */
    public List<Outcome> outcomes() {
        return report.outcomes();
    }

    /** Whether all pictures are there; not if the work was ended from outside. */
    public boolean isComplete() {
        return report.outcomes().size() == report.request().totalPictures();
    }

    /** The pictures in rows and columns with labels: prompts by runs, or the cells of a grid. */
    public BufferedImage sheet() {
        return sheet;
    }

    /** The runs, a row for each; the first row has the headings. */
    public List<List<String>> table() {
        SummaryTable table = report.table();
        List<List<String>> rows = new ArrayList<>();
        rows.add(table.header());
        rows.addAll(table.rows());
        return rows;
    }

    /** What the numbers of the table are, in one line. */
    public String legend() {
        return report.table().legend();
    }

    /** Settings, runs and every picture with its measures. */
    public String json() {
        return report.json();
    }

    /**
     * Writes report.md, pictures.csv, results.json, the sheet as sheet.png or grid.png, and where
     * runs differ in their number of steps a chart, steps.png. The folder is made if missing; files
     * of these names are replaced.
     *
     * @return the report.md
     * @throws java.io.UncheckedIOException if they cannot be written
     */
    public Path save(Path folder) {
        return ComparisonFiles.write(folder, report, sheet);
    }
}

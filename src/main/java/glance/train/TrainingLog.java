package glance.train;

import glance.io.SafeWrite;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The course of a training run as CSV, one row for each example of each step:
 *
 * <pre>
 * step,sigma,caption_dropped,loss,grad_norm,learning_rate,seconds
 * 1,0.9791915,false,0.083251,0.41,3.0E-4,0.081
 * </pre>
 *
 * Rows are written as they come; a run that goes on from a checkpoint first removes those after it.
 */
final class TrainingLog implements AutoCloseable {
    private static final String HEADER =
            "step,sigma,caption_dropped,loss,grad_norm,learning_rate,seconds";
    private static final int COLUMNS = 7;

    private final List<Row> rows;
    private final PrintStream out;

    /** What the plot needs of a row. */
    record Row(int step, float sigma, boolean dropped, float loss) {}

    private TrainingLog(List<Row> rows, PrintStream out) {
        this.rows = rows;
        this.out = out;
    }

    /**
     * Opens the log of a run.
     *
     * @param stepsDone steps whose rows stay; 0 for a new log
     */
    static TrainingLog open(Path file, int stepsDone) {
        try {
            List<String> kept = new ArrayList<>(List.of(HEADER));
            List<Row> rows = new ArrayList<>();
            if (stepsDone > 0 && Files.isRegularFile(file)) {
                for (String line : Files.readAllLines(file)) {
                    Row row = parse(line);
                    if (row != null && row.step() <= stepsDone) {
                        kept.add(line);
                        rows.add(row);
                    }
                }
            }
            String text = String.join("\n", kept) + "\n";
            SafeWrite.write(
                    file,
                    channel ->
                            Channels.newOutputStream(channel)
                                    .write(text.getBytes(StandardCharsets.UTF_8)));
            return new TrainingLog(
                    rows,
                    new PrintStream(
                            Files.newOutputStream(file, StandardOpenOption.APPEND),
                            true,
                            StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written (" + e + ")", e);
        }
    }

    /** The row of a line, or null if it is none: the header, or cut off. */
    private static Row parse(String line) {
        String[] cells = line.split(",");
        if (cells.length != COLUMNS) {
            return null;
        }
        try {
            return new Row(
                    Integer.parseInt(cells[0]),
                    Float.parseFloat(cells[1]),
                    Boolean.parseBoolean(cells[2]),
                    Float.parseFloat(cells[3]));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    void add(AdapterTrainer.Result result, double seconds) {
        for (AdapterTrainer.Draw draw : result.draws()) {
            rows.add(new Row(result.step(), draw.sigma(), draw.dropped(), draw.loss()));
            out.println(
                    result.step()
                            + ","
                            + draw.sigma()
                            + ","
                            + draw.dropped()
                            + ","
                            + draw.loss()
                            + ","
                            + result.gradNorm()
                            + ","
                            + result.learningRate()
                            + ","
                            + Math.round(seconds * 1e4) / 1e4);
        }
    }

    List<Row> rows() {
        return rows;
    }

    @Override
    public void close() {
        out.close();
    }
}

package glance.cli.common;

import glance.text.PrintableText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Columns of text, as wide as their widest cell. */
public final class Table {
    private static final String GAP = "  ";

    private final List<String[]> rows = new ArrayList<>();
    private final int[] widths;

    public Table(String... header) {
        widths = new int[header.length];
        row(header);
    }

    /** Adds a row with as many cells as the header. */
    public Table row(String... cells) {
        if (cells.length != widths.length) {
            throw new IllegalArgumentException(
                    "Table: a row must have " + widths.length + " cells, got " + cells.length);
        }
        String[] safe = Arrays.stream(cells).map(PrintableText::line).toArray(String[]::new);
        for (int i = 0; i < safe.length; i++) {
            widths[i] = Math.max(widths[i], safe[i].length());
        }
        rows.add(safe);
        return this;
    }

    /** Prints all rows. */
    public void print(PrintStream out) {
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                line.append(i == 0 ? "" : GAP).append(row[i]);
                line.append(" ".repeat(widths[i] - row[i].length()));
            }
            out.println(line.toString().stripTrailing());
        }
    }
}

package glance.roofline;

import java.util.List;
import java.util.stream.Collectors;

/** A table of a report, for a terminal or for Markdown. */
public record TextTable(String title, List<String> header, List<List<String>> rows) {
    /** Numbers are to the right, all columns but the first. */
    String markdown() {
        StringBuilder text = new StringBuilder("## ").append(title).append("\n\n");
        text.append(line(header)).append("|---|").append("---:|".repeat(header.size() - 1));
        text.append('\n');
        rows.forEach(row -> text.append(line(row)));
        return text.toString();
    }

    private static String line(List<String> cells) {
        return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
    }
}

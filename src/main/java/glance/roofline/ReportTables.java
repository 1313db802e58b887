package glance.roofline;

import glance.cases.Accuracy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report as tables: the adapters first, then every kernel, then the goals. */
public final class ReportTables {
    private ReportTables() {}

    /** Those tables that have rows. */
    public static List<TextTable> of(Report report) {
        List<TextTable> tables = new ArrayList<>();
        if (!report.lora().isEmpty()) {
            tables.add(lora(report.lora()));
        }
        tables.add(report.ceiling() == null ? accuracy(report.rows()) : kernels(report));
        if (!report.bars().isEmpty()) {
            tables.add(bars(report.bars()));
        }
        return tables;
    }

    private static TextTable lora(List<LoraRow> rows) {
        return new TextTable(
                "What an adapter adds to the time of a product",
                List.of("tokens x in x out", "rank", "plain us", "merged", "unfused", "fused"),
                rows.stream()
                        .map(
                                row ->
                                        List.of(
                                                row.product(),
                                                String.valueOf(row.rank()),
                                                micros(row.plainMicros().median()),
                                                overhead(row.merged()),
                                                overhead(row.unfused()),
                                                overhead(row.fused())))
                        .toList());
    }

    private static TextTable kernels(Report report) {
        List<String> header =
                new ArrayList<>(
                        List.of(
                                "kernel",
                                "by",
                                "us",
                                "spread",
                                "floor us",
                                "x floor",
                                "speed",
                                "error"));
        List<String> rivals =
                report.rows().stream()
                        .flatMap(row -> row.rivals().stream())
                        .map(Row.Rival::variant)
                        .distinct()
                        .toList();
        rivals.forEach(rival -> header.add(rival + " us"));
        if (report.peer() != null) {
            header.add("peer us");
        }
        header.add("note");
        List<List<String>> rows = new ArrayList<>();
        for (Row row : report.rows()) {
            List<String> cells = new ArrayList<>(List.of(row.name(), by(row.variant())));
            cells.addAll(timing(row));
            cells.add(row.accuracy() == null ? "" : error(row.accuracy()));
            rivals.forEach(rival -> cells.add(rival(row, rival)));
            if (report.peer() != null) {
                cells.add(row.peerMicros() == null ? "" : micros(row.peerMicros().median()));
            }
            cells.add(note(report, row));
            rows.add(cells);
        }
        return new TextTable("Kernels", header, rows);
    }

    private static List<String> timing(Row row) {
        Timing timing = row.timing();
        if (timing == null) {
            return List.of("", "", "", "", "");
        }
        Spread time = timing.micros();
        return List.of(
                micros(time.median()),
                micros(time.min()) + " - " + micros(time.max()),
                micros(row.floor().micros()),
                format("%.2f", timing.floorRatio()),
                format("%.3g %s", timing.rate(), timing.unit()));
    }

    private static String by(String variant) {
        return variant == null ? "" : variant;
    }

    private static String rival(Row row, String variant) {
        return row.rivals().stream()
                .filter(rival -> rival.variant().equals(variant) && rival.micros() != null)
                .map(rival -> micros(rival.micros().median()))
                .findFirst()
                .orElse("");
    }

    private static String note(Report report, Row row) {
        List<String> notes = new ArrayList<>();
        notes.add(row.problem() == null ? row.floor().bound() : row.problem());
        if (row.timing() != null && report.ceiling().isQueueBound(row.timing())) {
            notes.add("waits for the host");
        }
        for (Row.Rival rival : row.rivals()) {
            if (rival.problem() != null) {
                notes.add(rival.variant() + ": " + rival.problem());
            }
        }
        return String.join("; ", notes);
    }

    private static TextTable accuracy(List<Row> rows) {
        List<List<String>> lines = new ArrayList<>();
        for (Row row : rows) {
            lines.add(accuracy(row.name(), row.variant(), row.accuracy(), row.problem()));
            for (Row.Rival rival : row.rivals()) {
                lines.add(accuracy(row.name(), rival.variant(), rival.accuracy(), rival.problem()));
            }
        }
        return new TextTable(
                "Sampled results compared with float64",
                List.of("kernel", "by", "error", "allowed", ""),
                lines);
    }

    private static List<String> accuracy(
            String name, String variant, Accuracy accuracy, String problem) {
        if (accuracy == null) {
            return List.of(name, by(variant), "", "", problem);
        }
        return List.of(
                name,
                by(variant),
                error(accuracy),
                format("%.1e", accuracy.tolerance()),
                accuracy.passed() ? "ok" : "WRONG");
    }

    private static TextTable bars(List<Bar> bars) {
        return new TextTable(
                "Goals for a GPU of the H200 class",
                List.of("kernel", "wanted", "measured", ""),
                bars.stream()
                        .map(
                                bar ->
                                        List.of(
                                                bar.kernel(),
                                                bar.wanted(),
                                                bar.measured() == null ? "-" : bar.measured(),
                                                bar.met() ? "met" : "missed"))
                        .toList());
    }

    private static String micros(double micros) {
        return micros < 100 ? format("%.2f", micros) : format("%.0f", micros);
    }

    private static String overhead(Spread share) {
        return format(
                "%+.1f %% (%+.1f - %+.1f)",
                100 * share.median(), 100 * share.min(), 100 * share.max());
    }

    private static String error(Accuracy accuracy) {
        return format("%.1e", accuracy.error());
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}

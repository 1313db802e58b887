package glance.roofline;

import java.util.Locale;
import java.util.Map;

/** A report as a page: where it was taken and how, then the tables. */
public final class MarkdownReport {
    private MarkdownReport() {}

    /**
     * The page.
     *
     * @param libraryProblems libraries that could not be measured, with the cause
     */
    public static String of(Report report, Map<String, String> libraryProblems) {
        StringBuilder page = new StringBuilder("# Kernels on " + report.device() + "\n\n");
        page.append("| | |\n|---|---|\n");
        line(page, "Date", report.date());
        line(page, "Device", report.device() + ", " + report.description());
        line(page, "Activations", report.computeType().name());
        line(page, "CPU", report.machine().cpu() + ", " + report.machine().simd());
        line(page, "System", report.machine().system());
        line(page, "Cores", String.valueOf(report.machine().cores()));
        line(page, "JDK", report.machine().jdk());
        line(page, "glance-engine", report.engine());
        if (report.ceiling() != null) {
            line(page, "Best rates", rates(report.ceiling()));
        }
        if (report.peer() != null) {
            line(page, "Peer", report.peer().name() + " on " + report.peer().device());
        }
        libraryProblems.forEach((library, cause) -> line(page, library, "not measured: " + cause));
        line(page, "Command", "`" + report.command() + "`");
        page.append('\n').append(method(report));
        ReportTables.of(report).forEach(table -> page.append('\n').append(table.markdown()));
        return page.toString();
    }

    private static String rates(Ceiling ceiling) {
        return String.format(
                Locale.ROOT,
                "%.3g TFLOP/s of products (%s), %.3g GB/s copied",
                ceiling.teraFlops(),
                ceiling.source(),
                ceiling.gigaBytes());
    }

    private static String method(Report report) {
        String sizes =
                report.shrink() == 1
                        ? "Sizes of Qwen-Image and FLUX.1-dev at 1024 x 1024."
                        : "Sizes of Qwen-Image and FLUX.1-dev divided by "
                                + report.shrink()
                                + ": a trial of the programs, the figures mean nothing.";
        String accuracy =
                "Error: largest difference of sampled results from float64, over the largest of"
                        + " them.";
        if (report.ceiling() == null) {
            return sizes + " " + accuracy + "\n";
        }
        return sizes
                + " "
                + report.rounds()
                + " rounds after warm-up, by the device's clock, variants of a product in turns, on"
                + " inputs that no cache holds: median (least - greatest). Floor: the greater of"
                + " FLOP and bytes (arguments and results once) over the best rates. An adapter's"
                + " cost is taken round by round. Weights are BF16. "
                + accuracy
                + "\n";
    }

    private static void line(StringBuilder page, String name, String value) {
        page.append("| ").append(name).append(" | ").append(value).append(" |\n");
    }
}

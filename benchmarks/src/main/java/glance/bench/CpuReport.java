package glance.bench;

import glance.roofline.Ceiling;
import glance.roofline.Machine;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures every workload and writes benchmarks/results/cpu.md and cpu.json. */
@Command(
        name = "CpuReport",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times the engine's CPU device beside PyTorch and writes cpu.md and cpu.json.")
public final class CpuReport implements Callable<Integer> {
    @Option(
            names = "--rounds",
            defaultValue = "9",
            description = "Rounds for each row, at least 1; default ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--only",
            paramLabel = "REGEX",
            defaultValue = "",
            description = "Rows whose key contains a match; an empty one takes all.")
    private Pattern only;

    @Option(
            names = "--shrink",
            defaultValue = "1",
            description = "Divides the number of tokens, for a trial run.")
    private int shrink;

    @Option(
            names = "--jar",
            defaultValue = "target/glance-engine.jar",
            description = "The engine for the cold start; default ${DEFAULT-VALUE}.")
    private Path jar;

    @Option(
            names = "--out",
            defaultValue = "benchmarks/results",
            description = "Folder of the report; default ${DEFAULT-VALUE}.")
    private Path out;

    private final String arguments;

    private CpuReport(String... arguments) {
        this.arguments = Report.shown(arguments);
    }

    public static void main(String... arguments) {
        System.exit(new CommandLine(new CpuReport(arguments)).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Locale.setDefault(Locale.ROOT);
        // First, while nothing else runs in this process.
        Ceiling ceiling = CoreRates.measure(Workload.THREADS);
        List<Report.Row> rows = new ArrayList<>();
        for (Map.Entry<String, Workloads.Row> entry : Workloads.all(shrink).entrySet()) {
            if (only.matcher(entry.getKey()).find()) {
                try (Workload workload = new Workload(entry.getValue())) {
                    Duel.Result result = Duel.run(workload, rounds);
                    Report.Row row = Report.Row.of(entry.getKey(), workload, ceiling, result);
                    System.out.print(row.line());
                    rows.add(row);
                }
            }
        }
        ColdStart.Result coldStart = ColdStart.run(jar, rounds);
        String launch =
                "java --add-modules jdk.incubator.vector -cp benchmarks/target/benchmarks.jar "
                        + CpuReport.class.getName();
        new Report(
                        LocalDate.now().toString(),
                        arguments.isEmpty() ? launch : launch + " " + arguments,
                        Machine.here(),
                        "0.1.0",
                        Torch.version(),
                        Workload.THREADS,
                        rounds,
                        ceiling,
                        rows,
                        coldStart)
                .write(out);
        return 0;
    }
}

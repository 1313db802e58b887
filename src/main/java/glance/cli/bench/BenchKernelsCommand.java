package glance.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.Devices;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.common.WrongUseException;
import glance.io.SafeWrite;
import glance.roofline.BenchSettings;
import glance.roofline.KernelBench;
import glance.roofline.MarkdownReport;
import glance.roofline.Peer;
import glance.roofline.Report;
import glance.roofline.ReportTables;
import glance.roofline.Rivals;
import glance.roofline.Row;
import glance.roofline.Scale;
import glance.roofline.TextTable;
import glance.text.EngineVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Verifies and times single kernels. */
@Command(
        name = "kernels",
        sortOptions = false,
        header = "Times each kernel, and how close it comes to the least time it could take.",
        description = {
            "",
            "First compares samples of each result with float64. Then measures by the device's own"
                    + " clock, on random inputs that no cache holds, at the sizes of Qwen-Image and"
                    + " FLUX.1-dev. The column floor is the least time that a kernel could take: its"
                    + " bytes and its arithmetic at the best rates of this device, which are measured"
                    + " first. The first table is what an adapter adds to the time of a product:"
                    + " merged into the weight, in three launches, and fused as the engine does it."
                    + " Products and convolutions are also timed with cuBLAS"
                    + " and cuDNN where they load. --variant linear=mma,plain races variants of an"
                    + " operation, and these libraries, on all its kernels.",
            "",
            "Exits 1 if a result is wrong. On devices without the speed of a GPU use --shrink; the"
                    + " CPU device, whose code the JVM compiles as it runs, is measured by"
                    + " benchmarks/.",
            ""
        },
        optionListHeading = "Options:%n",
        footer = {
            "",
            "Examples:",
            "  glance-engine bench kernels --device cuda --markdown kernels.md",
            "  glance-engine bench kernels --only 'attention|lora.*4096' --rounds 21",
            "  glance-engine bench kernels --verify-only",
            "  glance-engine bench kernels --variant linear=mma,plain --only lora",
            "  glance-engine bench kernels --device cpu --shrink 16"
        })
final class BenchKernelsCommand implements Callable<Integer> {
    private final Session session;

    @Spec private CommandSpec spec;

    @Mixin private DeviceOption deviceOption;

    @Option(
            names = "--only",
            paramLabel = "PATTERN",
            description = "Kernels whose name contains this regular expression; see --list.")
    private String only;

    @Option(names = "--list", description = "Print the names of the kernels and stop.")
    private boolean list;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "9",
            description = "Measurements of each kernel. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--shrink",
            paramLabel = "N",
            defaultValue = "1",
            description = "Divide all sizes by N, for a trial. Default: ${DEFAULT-VALUE}.")
    private int shrink;

    @Option(
            names = "--verify-only",
            description = "Compare results with float64 at these sizes, and time nothing.")
    private boolean verifyOnly;

    @Option(
            names = "--peak",
            paramLabel = "TFLOPS",
            defaultValue = "0",
            description = "Best rate of products in TFLOP/s. Default: measured.")
    private double peak;

    @Option(
            names = "--peer",
            paramLabel = "FILE",
            description = "Times to show beside ours, from benchmarks/peers/torch_kernels.py.")
    private Path peerFile;

    @Option(names = "--json", paramLabel = "FILE", description = "Write all figures as JSON.")
    private Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write a report.")
    private Path markdown;

    BenchKernelsCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() throws IOException {
        BenchSettings settings = settings();
        if (settings.names().isEmpty()) {
            throw new WrongUseException(
                    "--only " + only + ": no kernel has such a name; --list prints them all");
        }
        if (list) {
            settings.names().forEach(session.out()::println);
            return ExitCode.OK;
        }
        requireFolder("--json", json);
        requireFolder("--markdown", markdown);
        Peer peer = peer();
        DeviceOptions options = deviceOption.withoutVariants();
        try (Device device = Devices.open(deviceOption.name(), options);
                Rivals rivals =
                        Rivals.open(
                                choice -> Devices.open(deviceOption.name(), choice),
                                options,
                                deviceOption.variants())) {
            KernelBench bench = new KernelBench(device, rivals, settings);
            KernelBench.Outcome outcome = bench.run(this::progress);
            Report report =
                    Report.of(
                            ZonedDateTime.now().format(DateTimeFormatter.ISO_OFFSET_DATE_TIME),
                            commandLine(),
                            EngineVersion.number(),
                            device.info(),
                            device.computeType(),
                            settings,
                            outcome.ceiling(),
                            peer,
                            outcome.rows());
            publish(report, problems(rivals));
            return outcome.rows().stream().anyMatch(Row::isWrong) ? ExitCode.FAILURE : ExitCode.OK;
        }
    }

    private BenchSettings settings() {
        try {
            return new BenchSettings(
                    new Scale(shrink),
                    rounds,
                    only == null ? null : Pattern.compile(only),
                    verifyOnly,
                    peak);
        } catch (PatternSyntaxException e) {
            throw new WrongUseException(
                    "--only " + only + ": not a regular expression: " + e.getDescription());
        } catch (IllegalArgumentException e) {
            throw new WrongUseException("--" + e.getMessage());
        }
    }

    private Peer peer() throws IOException {
        if (peerFile == null) {
            return null;
        }
        try {
            return Peer.read(peerFile);
        } catch (JsonProcessingException e) {
            throw new WrongUseException(
                    "--peer " + peerFile + ": not JSON: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw new WrongUseException("--peer " + e.getMessage());
        }
    }

    private void progress(String group) {
        if (session.stop().isRequested()) {
            throw new IllegalStateException("interrupted");
        }
        session.note(group + " ...");
    }

    private String commandLine() {
        return "glance-engine "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }

    private static Map<String, String> problems(Rivals rivals) {
        Map<String, String> problems = new LinkedHashMap<>();
        rivals.problems().forEach((library, cause) -> problems.put(library.title(), cause));
        return problems;
    }

    private void publish(Report report, Map<String, String> libraryProblems) {
        for (TextTable table : ReportTables.of(report)) {
            session.out().println(table.title());
            session.out().println();
            Table text = new Table(table.header().toArray(String[]::new));
            table.rows().forEach(row -> text.row(row.toArray(String[]::new)));
            text.print(session.out());
            session.out().println();
        }
        libraryProblems.forEach(
                (library, cause) -> session.out().println(library + " not measured: " + cause));
        if (json != null) {
            SafeWrite.write(json, report.json());
        }
        if (markdown != null) {
            SafeWrite.write(markdown, MarkdownReport.of(report, libraryProblems));
        }
    }

    private static void requireFolder(String option, Path file) {
        if (file == null) {
            return;
        }
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new WrongUseException(
                    option + " " + file + ": its folder does not exist; create it first");
        }
    }
}

package glance.cli;

import glance.backend.Device;
import glance.backend.Devices;
import glance.check.CheckReport;
import glance.check.Checks;
import glance.cli.common.DeviceOption;
import glance.cli.common.ExitCode;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.ops.Ops;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Compares the engine with recorded results. */
@Command(
        name = "check",
        sortOptions = false,
        header = "Compares the engine with recorded results of reference implementations.",
        description = {
            "",
            "Each folder holds one case: a component's config and weights, and its inputs and "
                    + "expected results in case.json and case.safetensors. Prints the relative error of each "
                    + "tensor (largest difference over largest expected value) and its tolerance. Exits 1 "
                    + "if one is above, or a case cannot be run.",
            ""
        },
        parameterListHeading = "Arguments:%n",
        optionListHeading = "Options:%n")
final class CheckCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "Folders with a case.json.")
    private List<Path> folders;

    @Mixin private DeviceOption deviceOption;

    CheckCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        int failed = 0;
        try (Device device = Devices.open(deviceOption.name(), deviceOption.options());
                Ops ops = new Ops(device)) {
            for (Path folder : folders) {
                if (session.stop().isRequested()) {
                    return ExitCode.INTERRUPTED;
                }
                failed += check(folder, ops) ? 0 : 1;
            }
        }
        session.out()
                .println(
                        folders.size()
                                - failed
                                + " of "
                                + folders.size()
                                + " cases agree with the reference");
        return failed == 0 ? ExitCode.OK : ExitCode.FAILURE;
    }

    /** A case that cannot be run has failed; the others are still worth running. */
    private boolean check(Path folder, Ops ops) {
        CheckReport report;
        try {
            report = Checks.run(folder, ops);
        } catch (RuntimeException e) {
            if (session.stop().isRequested()) {
                throw e;
            }
            session.out().println(folder + ": cannot be checked");
            session.error(e);
            return false;
        }
        session.out().println(folder + " (" + report.component() + ")");
        Table table = new Table("  ", "tensor", "error", "tolerance", "");
        for (CheckReport.Row row : report.rows()) {
            table.row(
                    "  ",
                    row.tensor(),
                    String.format(Locale.ROOT, "%.2e", row.error()),
                    String.format(Locale.ROOT, "%.2e", row.tolerance()),
                    row.passed() ? "ok" : "ABOVE");
        }
        table.print(session.out());
        return report.passed();
    }
}

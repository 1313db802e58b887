package glance.cli;

import glance.api.DeviceInfo;
import glance.backend.Devices;
import glance.backend.LibraryInfo;
import glance.cli.common.ExitCode;
import glance.cli.common.Session;
import glance.cli.common.Table;
import glance.cli.common.Units;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Shows what the engine can run on. */
@Command(
        name = "devices",
        header = "Lists the devices found, with the cause where one cannot be used.",
        description = {
            "",
            "The first usable one is taken when a command has no --device. A library computes"
                    + " in place of the engine's own kernels with --variant, such as linear=cublas.",
            ""
        },
        optionListHeading = "Options:%n")
final class DevicesCommand implements Callable<Integer> {
    private final Session session;

    DevicesCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Table table = new Table("device", "description", "memory", "state");
        for (DeviceInfo device : Devices.list()) {
            table.row(
                    device.id(),
                    device.description(),
                    Units.bytes(device.memoryBytes()),
                    state(device.problem()));
        }
        table.print(session.out());
        session.out().println();
        Table libraries = new Table("variant", "on", "computes", "state");
        for (LibraryInfo info : Devices.libraries()) {
            libraries.row(
                    info.library().operation() + "=" + info.library().variant(),
                    info.kind(),
                    info.library().purpose(),
                    state(info.problem()));
        }
        libraries.print(session.out());
        return ExitCode.OK;
    }

    private static String state(String problem) {
        return problem == null ? "usable" : "not usable: " + problem;
    }
}

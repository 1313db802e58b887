package glance.cli.bench;

import glance.cli.common.HelpCommand;
import glance.cli.common.Session;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures kernels and models at full size. */
@Command(
        name = "bench",
        header = "Measures kernels and whole models, also at full size without their weights.",
        commandListHeading = "%nCommands:%n")
public final class BenchCommand implements Runnable {
    @Spec private CommandSpec spec;

    /** The command with its subcommands. */
    public static CommandLine of(Session session) {
        return new CommandLine(new BenchCommand())
                .addSubcommand(new BenchKernelsCommand(session))
                .addSubcommand(new BenchDenoiseCommand(session))
                .addSubcommand(new BenchMemoryCommand(session))
                .addSubcommand(new HelpCommand());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "bench what? kernels, denoise or memory");
    }
}

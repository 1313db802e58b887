package glance.cli;

import glance.api.RequestException;
import glance.backend.Devices;
import glance.cli.bench.BenchCommand;
import glance.cli.common.ExitCode;
import glance.cli.common.HelpCommand;
import glance.cli.common.Problem;
import glance.cli.common.Session;
import glance.cli.common.Stdin;
import glance.cli.common.StopRequest;
import glance.cli.common.WrongUseException;
import glance.cli.compare.CompareCommand;
import glance.cli.convert.ConvertCommand;
import glance.cli.info.InfoCommand;
import glance.cli.lora.LoraCommand;
import glance.cli.train.TrainCommand;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;

/** Assembles the commands and turns whatever they throw into one line and an exit code. */
public final class Engine {
    private final Session session;
    private final CommandLine commands;

    private Engine(Session session, CommandLine commands) {
        this.session = session;
        this.commands = commands;
        IParameterExceptionHandler wrongUse =
                (e, args) -> report(e, Problem.wrongUse(e), ExitCode.WRONG_USE);
        IExecutionExceptionHandler failure = (e, command, parsed) -> fail(e);
        commands.setParameterExceptionHandler(wrongUse)
                .setExecutionExceptionHandler(failure)
                // A prompt may begin with @.
                .setExpandAtFiles(false)
                .setAbbreviatedOptionsAllowed(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(session.out(), true))
                .setErr(new PrintWriter(session.err(), true));
    }

    /** Making all of them takes a tenth of a second, which the command that draws does without. */
    private static CommandLine commands(Session session, String... args) {
        CommandLine top = new CommandLine(new TopCommand());
        top.addSubcommand(new GenerateCommand(session));
        if (args.length == 0 || !args[0].equals("generate")) {
            addOthers(top, session);
        }
        NumberConverters.register(top);
        Aliases.addTo(top);
        OptionGroups.addTo(top);
        return top;
    }

    private static void addOthers(CommandLine top, Session session) {
        top.addSubcommand(new CompareCommand(session))
                .addSubcommand(new TrainCommand(session))
                .addSubcommand(new ServeCommand(session))
                .addSubcommand(new PullCommand(session))
                .addSubcommand(new InfoCommand(session))
                .addSubcommand(new ConvertCommand(session))
                .addSubcommand(LoraCommand.create(session))
                .addSubcommand(new CheckCommand(session))
                .addSubcommand(BenchCommand.of(session))
                .addSubcommand(new DevicesCommand(session))
                .addSubcommand(new CompletionCommand())
                .addSubcommand(new HelpCommand());
    }

    /** Runs a command on the process's own streams. */
    static int run(String[] args) {
        StopRequest stop = StopRequest.onShutdown(Thread.currentThread());
        Logging.configure(has(args, "--verbose")); // before the first logger is made
        if (WarmStart.isUseful(args)) {
            Devices.warmUp("cpu");
        }
        try {
            return run(Stdin.ofProcess(), System.out, System.err, stop, args);
        } finally {
            stop.commandEnded();
        }
    }

    /** Runs a command on the given streams, with nothing to read. */
    public static int run(PrintStream out, PrintStream err, StopRequest stop, String... args) {
        return run(Stdin.none(), out, err, stop, args);
    }

    /** Runs a command on the given streams. */
    static int run(Stdin in, PrintStream out, PrintStream err, StopRequest stop, String... args) {
        boolean verbose = has(args, "--verbose");
        boolean offline = has(args, "--offline");
        Logging.configure(verbose);
        Session session = new Session(out, err, stop, verbose, in, offline);
        Engine engine = new Engine(session, commands(session, args));
        try {
            return engine.commands.execute(args);
        } catch (Throwable e) {
            // picocli hands Exceptions to the handler above and lets Errors through.
            return engine.fail(e);
        } finally {
            out.flush();
        }
    }

    /** Known before parsing, because parsing may fail. */
    private static boolean has(String[] args, String option) {
        return Arrays.stream(args).takeWhile(arg -> !arg.equals("--")).anyMatch(option::equals);
    }

    private int fail(Throwable e) {
        if (session.stop().isRequested()) {
            session.note("interrupted");
            return ExitCode.INTERRUPTED;
        }
        boolean wrongUse = e instanceof WrongUseException || e instanceof RequestException;
        return report(e, Problem.describe(e), wrongUse ? ExitCode.WRONG_USE : ExitCode.FAILURE);
    }

    private int report(Throwable e, String line, int exitCode) {
        session.error(line, e);
        return exitCode;
    }
}

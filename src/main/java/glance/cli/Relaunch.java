package glance.cli;

import glance.cli.common.ExitCode;
import glance.cli.common.Terminal;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * Runs the engine in a second JVM that has the vector module: same Java, same class path, same
 * arguments, the user's own JVM options first.
 *
 * <p>The child shares stdin and stdout. Its stderr passes through here byte for byte, without the
 * JVM's notice about incubator modules. Signals that end this JVM end the child, which gets time to
 * clean up; should this JVM be killed, the child notices by itself ({@link ParentWatch}).
 */
final class Relaunch {
    static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** Set in the child: the process id of the JVM that started it. */
    static final String PARENT_PROPERTY = "glance.launcher.pid";

    /** What Java makes of bytes beyond the locale's character set. */
    private static final char UNDECODABLE = '\ufffd';

    private static final String SWITCH = "GLANCE_NO_RELAUNCH";
    private static final long CLEAN_UP_SECONDS = 10;
    private static final long DRAIN_MILLIS = 2_000;
    private static final long SIGNAL_MILLIS = 100;
    private static final int SIGNALLED = 128;
    private static final int SIGKILL = 9;

    private Relaunch() {}

    /** Whether a second JVM would have the vector module and this one has not. */
    static boolean isUseful() {
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()) {
            return false;
        }
        if ("1".equals(System.getenv(SWITCH))) {
            return false; // the CPU device says what that costs
        }
        if (!JavaRuntime.hasModule(VECTOR_MODULE)) {
            note("no SIMD on the CPU: this Java runtime lacks the module " + VECTOR_MODULE);
            return false;
        }
        return true;
    }

    /** The exit code of the second JVM, or empty if it could not be started. */
    static OptionalInt run(String[] args) {
        if (String.join("", args).indexOf(UNDECODABLE) >= 0) {
            // The second JVM would get question marks.
            note(
                    "error: an argument has characters that the locale cannot carry; set"
                            + " LC_ALL=C.UTF-8, or put prompts into a file and use --prompts FILE");
            return OptionalInt.of(ExitCode.WRONG_USE);
        }
        Child child = new Child();
        Runtime.getRuntime().addShutdownHook(new Thread(child::end, "end-child"));
        try {
            return OptionalInt.of(child.run(command(args)));
        } catch (IOException e) {
            if (child.isEndingSoon()) {
                return OptionalInt.of(ExitCode.INTERRUPTED);
            }
            note("no SIMD on the CPU: cannot start a second JVM (" + e.getMessage() + ")");
            return OptionalInt.empty();
        }
    }

    private static List<String> command(String[] args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        List<String> given = GivenOptions.ofThisJvm();
        command.addAll(JvmOptions.inheritable(given));
        command.addAll(JvmOptions.missingFrom(given, Runtime.version().feature()));
        command.add("-D" + PARENT_PROPERTY + "=" + ProcessHandle.current().pid());
        command.add("-D" + Terminal.STDERR_PROPERTY + "=" + Terminal.isStderr());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.addAll(List.of(args));
        return command;
    }

    private static void note(String message) {
        System.err.println("glance-engine: " + message);
    }

    /** The second JVM, once it runs. */
    private static final class Child {
        private boolean ending;
        private Process process;
        private Thread pump;

        int run(List<String> command) throws IOException {
            start(command);
            if (command.contains("serve")) {
                // it may take long to finish what clients wait for, and ends with a code of its own
                Signals.passOn("TERM", process.toHandle());
            }
            try {
                int exitCode = process.waitFor();
                pump.join(DRAIN_MILLIS);
                if (exitCode == SIGNALLED + SIGKILL) {
                    note(
                            "error: the engine was killed from outside (signal 9), most likely"
                                    + " because the machine ran out of memory; try a smaller --size"
                                    + " or a lower -Xmx");
                }
                return exitCode;
            } catch (InterruptedException e) {
                throw new IllegalStateException("nothing interrupts the main thread", e);
            }
        }

        private synchronized void start(List<String> command) throws IOException {
            if (ending) {
                throw new IOException("shutting down");
            }
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.redirectInput(Redirect.INHERIT).redirectOutput(Redirect.INHERIT);
            // The options in these two are among the input arguments already.
            builder.environment().remove("JAVA_TOOL_OPTIONS");
            builder.environment().remove("JDK_JAVA_OPTIONS");
            process = builder.start();
            pump = new Thread(() -> pump(process.getErrorStream()), "stderr");
            pump.setDaemon(true);
            pump.start();
        }

        /** Shutdown hook. On Ctrl-C the child has got the signal too, and ignores a second one. */
        synchronized void end() {
            ending = true;
            if (process == null) {
                return;
            }
            try {
                // Not Process.destroy: it would close our end of stderr before the last words.
                process.toHandle().destroy();
                if (!process.waitFor(CLEAN_UP_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
                pump.join(DRAIN_MILLIS);
            } catch (InterruptedException e) {
                process.destroyForcibly();
            }
        }

        /**
         * A signal to the group may reach the helper that starts the child before our hook runs.
         */
        boolean isEndingSoon() {
            try {
                Thread.sleep(SIGNAL_MILLIS);
            } catch (InterruptedException e) {
                return true;
            }
            synchronized (this) {
                return ending;
            }
        }

        private static void pump(InputStream from) {
            OutputStream to = new BufferedOutputStream(new FileOutputStream(FileDescriptor.err));
            try (from) {
                IncubatorNotice.copyWithout(from, to);
            } catch (IOException e) {
                // Nobody reads our stderr any more. With the pipe closed, the child's writes fail
                // instead of blocking it.
            }
        }
    }
}

package glance.cli;

import java.util.OptionalInt;

/**
 * Entry point of the jar. The CPU device needs the module {@code jdk.incubator.vector}, which a
 * manifest cannot ask for; where it is missing, the same command is run in a second JVM that has
 * it.
 *
 * <p>This class and {@link Relaunch} load nothing but the JDK, so that the first JVM costs as
 * little as possible.
 */
public final class Main {
    private Main() {}

    /** Runs a command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        if (Relaunch.isUseful()) {
            OptionalInt exitCode = Relaunch.run(args);
            if (exitCode.isPresent()) {
                System.exit(exitCode.getAsInt());
            }
        }
        ParentWatch.start();
        System.exit(Engine.run(args));
    }
}

package glance.cli;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/** The options that the running JVM was given, on the command line or in the environment. */
final class GivenOptions {
    /** Where a JVM looks for more. */
    private static final List<String> VARIABLES =
            List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS");

    private GivenOptions() {}

    /** Asks the management interface, which takes tens of milliseconds, only if need be. */
    static List<String> ofThisJvm() {
        return areNone(commandLine(), System::getenv)
                ? List.of()
                : ManagementFactory.getRuntimeMXBean().getInputArguments();
    }

    /**
     * Whether there certainly are none.
     *
     * @param commandLine as Linux keeps it, each word ended by a zero; empty where unknown
     */
    static boolean areNone(String commandLine, Function<String, String> environment) {
        for (String variable : VARIABLES) {
            if (environment.apply(variable) != null) {
                return false;
            }
        }
        // Options may also stand between -jar and the file.
        String[] words = commandLine.split("\0", 4);
        return words.length > 2
                && words[1].equals("-jar")
                && !words[2].startsWith("-")
                && !words[2].startsWith("@");
    }

    private static String commandLine() {
        try (InputStream in = new FileInputStream("/proc/self/cmdline")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // another system
        }
    }
}

package glance.cli;

import java.util.ArrayList;
import java.util.List;

/** The JVM options that the engine runs best with, where the user has not chosen otherwise. */
final class JvmOptions {
    /** From this version on, loading native libraries without leave prints a warning. */
    private static final int NATIVE_ACCESS_WARNING_SINCE = 22;

    private JvmOptions() {}

    /**
     * Options to add.
     *
     * @param given the options of the running JVM
     * @param feature its feature version, 17 or later
     */
    static List<String> missingFrom(List<String> given, int feature) {
        List<String> options = new ArrayList<>();
        options.add("--add-modules=" + Relaunch.VECTOR_MODULE);
        if (feature >= NATIVE_ACCESS_WARNING_SINCE) {
            options.add("--enable-native-access=ALL-UNNAMED");
        }
        if (!mentions(given, "-Xmx", "-XX:MaxRAMPercentage", "-XX:MaxHeapSize")) {
            options.add("-XX:MaxRAMPercentage=75");
        }
        // The arrays that matter are pooled, so there is little to collect. Ten steps of the
        // built-in model peak at 230 MB here, with the parallel collector at 530 MB, with G1 at
        // 560 to 720 MB (JDK 17, 2 cores, 24 GB).
        if (given.stream().noneMatch(JvmOptions::choosesCollector)) {
            options.add("-XX:+UseSerialGC");
        }
        return options;
    }

    /**
     * Of the options of a JVM, those for a second one beside it: not those that open a port or a
     * debugger, which the first one has taken.
     */
    static List<String> inheritable(List<String> given) {
        return given.stream().filter(option -> !isOfOneJvm(option)).toList();
    }

    private static boolean isOfOneJvm(String option) {
        return option.startsWith("-agentlib:jdwp")
                || option.startsWith("-Xrunjdwp")
                || option.equals("-Xdebug")
                || option.startsWith("-Dcom.sun.management.jmxremote")
                || option.startsWith("-Dcom.sun.management.config.file");
    }

    private static boolean choosesCollector(String option) {
        return option.startsWith("-XX:+Use") && option.endsWith("GC");
    }

    private static boolean mentions(List<String> given, String... prefixes) {
        for (String prefix : prefixes) {
            if (given.stream().anyMatch(option -> option.startsWith(prefix))) {
                return true;
            }
        }
        return false;
    }
}

package glance.cli;

/** Sets up slf4j-simple, which reads its configuration when the first logger is made. */
final class Logging {
    private static final String PREFIX = "org.slf4j.simpleLogger.";

    private Logging() {}

    /**
     * Warnings of libraries and notes of the engine, or everything.
     *
     * @param verbose whether debug messages are shown
     */
    static void configure(boolean verbose) {
        set("defaultLogLevel", verbose ? "debug" : "warn");
        set("log.glance", verbose ? "debug" : "info");
        set("showThreadName", "false");
        set("showLogName", Boolean.toString(verbose));
        // A date format without a date: the only prefix that slf4j-simple offers.
        set("showDateTime", "true");
        set("dateTimeFormat", "'glance-engine:'");
    }

    /** The user's own -D wins. */
    private static void set(String key, String value) {
        if (System.getProperty(PREFIX + key) == null) {
            System.setProperty(PREFIX + key, value);
        }
    }
}

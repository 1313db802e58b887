package glance.text;

/** The version of the engine, from the manifest of its jar. */
public final class EngineVersion {
    private EngineVersion() {}

    /** The number alone. */
    public static String number() {
        String version = EngineVersion.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Name and number, for files that say what made them. */
    public static String software() {
        return "glance-engine " + number();
    }
}

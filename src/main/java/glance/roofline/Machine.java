package glance.roofline;

/** Where figures were taken. */
public record Machine(String system, int cores, String jdk) {
    static Machine here() {
        return new Machine(
                System.getProperty("os.name")
                        + " "
                        + System.getProperty("os.version")
                        + " "
                        + System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.vm.name") + " " + Runtime.version());
    }
}

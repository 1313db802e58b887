package glance.roofline;

/**
 * One kernel.
 *
 * @param cost null if it could not run
 * @param floor null if nothing was measured
 * @param accuracy null if it could not run
 * @param timing null if nothing was measured
 * @param library the same with a library, or null
 * @param peerMicros the same in the peer's report, or null
 * @param problem why nothing was measured, or null
 */
public record Row(
        String name,
        String group,
        Cost cost,
        Floor floor,
        Accuracy accuracy,
        Timing timing,
        LibraryTiming library,
        Spread peerMicros,
        String problem) {
    /**
     * A library's time.
     *
     * @param name of the library
     * @param micros null if it could not run
     * @param problem why it could not, or null
     */
    public record LibraryTiming(String name, Spread micros, String problem) {}

    Row withPeer(Spread micros) {
        return new Row(name, group, cost, floor, accuracy, timing, library, micros, problem);
    }

    /** Whether the device gave a wrong result. */
    public boolean isWrong() {
        return accuracy != null && !accuracy.passed();
    }
}

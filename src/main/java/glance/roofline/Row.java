package glance.roofline;

import glance.cases.Accuracy;
import glance.cases.Cost;
import java.util.List;
import java.util.stream.Stream;

/**
 * One kernel.
 *
 * @param variant that computed it, where there are several; otherwise null
 * @param cost null if it could not run
 * @param floor null if nothing was measured
 * @param accuracy null if it could not run
 * @param timing null if nothing was measured
 * @param rivals the same by other variants
 * @param peerMicros the same in the peer's report, or null
 * @param problem why nothing was measured, or null
 */
public record Row(
        String name,
        String group,
        String variant,
        Cost cost,
        Floor floor,
        Accuracy accuracy,
        Timing timing,
        List<Rival> rivals,
        Spread peerMicros,
        String problem) {
    /**
     * What another variant needed.
     *
     * @param accuracy null if it could not run
     * @param micros null if nothing was measured
     * @param problem why, or null
     */
    public record Rival(String variant, Accuracy accuracy, Spread micros, String problem) {}

    Row withPeer(Spread micros) {
        return new Row(
                name, group, variant, cost, floor, accuracy, timing, rivals, micros, problem);
    }

    /** Whether a variant gave a wrong result. */
    public boolean isWrong() {
        return Stream.concat(
                        Stream.of(this).map(Row::accuracy), rivals.stream().map(Rival::accuracy))
                .anyMatch(accuracy -> accuracy != null && !accuracy.passed());
    }
}

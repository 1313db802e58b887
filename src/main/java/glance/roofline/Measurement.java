package glance.roofline;

import glance.cases.Accuracy;
import glance.cases.Cost;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What was found out about one kernel; a row once the best rates of the device are known.
 *
 * @param variant that computed it, where there are several; otherwise null
 * @param cost null if the kernel could not run, like what depends on it
 * @param result null if nothing was timed
 * @param first result of the first of its group, or null
 * @param rivals other variants
 * @param problem why the kernel could not run, or null
 */
record Measurement(
        KernelCase kernel,
        String variant,
        Cost cost,
        Accuracy accuracy,
        Race.Result result,
        Race.Result first,
        List<Rival> rivals,
        String problem) {
    /**
     * Another variant.
     *
     * @param accuracy null if it could not run
     * @param result null if nothing was timed
     * @param problem why it could not run, or null
     */
    record Rival(String variant, Accuracy accuracy, Race.Result result, String problem) {
        private Row.Rival row() {
            return new Row.Rival(
                    variant,
                    accuracy,
                    result == null ? null : Spread.of(result.micros()),
                    problem == null && !accuracy.passed() ? accuracy.wrong() : problem);
        }
    }

    static Measurement failed(KernelCase kernel, String problem) {
        return new Measurement(kernel, null, null, null, null, null, List.of(), problem);
    }

    /** The best rate of products that was seen here, in TFLOP/s; 0 if none. */
    double teraFlops() {
        return Stream.concat(
                        Stream.of(this).map(Measurement::result),
                        rivals.stream().map(Rival::result))
                .filter(Objects::nonNull)
                .mapToDouble(raced -> cost.flop() / raced.best() * 1e-6)
                .max()
                .orElse(0);
    }

    /**
     * The row of the report.
     *
     * @param ceiling null if nothing was timed
     */
    Row row(Ceiling ceiling) {
        Floor floor = result == null ? null : ceiling.floor(cost);
        Timing timing = result == null ? null : Timing.of(cost, floor, result, first);
        return new Row(
                kernel.name(),
                kernel.group(),
                variant,
                cost,
                floor,
                accuracy,
                timing,
                rivals.stream().map(Rival::row).toList(),
                null,
                problem == null && !accuracy.passed() ? accuracy.wrong() : problem);
    }
}

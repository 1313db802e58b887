package glance.roofline;

import glance.cases.Cost;

/**
 * How long a kernel takes.
 *
 * @param micros of a run
 * @param queueMicros of a run, that the host needs to queue it: a kernel cannot be faster
 * @param floorRatio median over the floor
 * @param rate in {@code unit}
 * @param unit TFLOP/s of products, GB/s of everything else
 * @param overFirst round by round, the share of time more than the first of its group; null for the
 *     first, and for kernels alone
 */
public record Timing(
        Spread micros,
        double queueMicros,
        double floorRatio,
        double rate,
        String unit,
        Spread overFirst) {
    static Timing of(Cost cost, Floor floor, Race.Result result, Race.Result first) {
        Spread micros = Spread.of(result.micros());
        boolean product = cost.flop() > 0;
        double rate =
                product
                        ? cost.flop() / micros.median() * 1e-6
                        : cost.bytes() / micros.median() * 1e-3;
        return new Timing(
                micros,
                result.queueMicros(),
                micros.median() / floor.micros(),
                rate,
                product ? "TFLOP/s" : "GB/s",
                first == null ? null : Spread.of(result.over(first)));
    }
}

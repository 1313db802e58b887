package glance.roofline;

/**
 * What was found out about one kernel; a row once the best rates of the device are known.
 *
 * @param cost null if the kernel could not run, like what depends on it
 * @param result null if nothing was timed
 * @param first result of the first of its group, or null
 * @param library result of the library, or null
 * @param libraryProblem why there is none, or null
 * @param problem why the kernel could not run, or null
 */
record Measurement(
        KernelCase kernel,
        Cost cost,
        Accuracy accuracy,
        Race.Result result,
        Race.Result first,
        Race.Result library,
        String libraryProblem,
        String problem) {
    static Measurement failed(KernelCase kernel, String problem) {
        return new Measurement(kernel, null, null, null, null, null, null, problem);
    }

    /**
     * The best rate of products that was seen here, ours or the library's, in TFLOP/s; 0 if none.
     */
    double teraFlops() {
        if (cost == null) {
            return 0;
        }
        double ours = result == null ? 0 : cost.flop() / result.best() * 1e-6;
        double theirs = library == null ? 0 : cost.flop() / library.best() * 1e-6;
        return Math.max(ours, theirs);
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
                cost,
                floor,
                accuracy,
                timing,
                libraryTiming(),
                null,
                problem == null && !accuracy.passed() ? wrong() : problem);
    }

    private String wrong() {
        return String.format(
                "WRONG: differs from float64 by %.1e of the largest value, %.1e is allowed",
                accuracy.error(), accuracy.tolerance());
    }

    private Row.LibraryTiming libraryTiming() {
        if (kernel.library() == null || cost == null) {
            return null;
        }
        return new Row.LibraryTiming(
                kernel.library().title(),
                library == null ? null : Spread.of(library.micros()),
                libraryProblem);
    }
}

package glance.serve.api;

/**
 * The steps after which a client sees the picture as it looks by then: the first as early as it
 * shows anything, the others spread evenly over the rest.
 */
final class PartialSteps {
    private PartialSteps() {}

    /**
     * Whether a step is one of them.
     *
     * @param step counted from 1
     * @param steps of the run
     * @param count how many there shall be; fewer if the run has not so many steps before its last
     */
    static boolean isOne(int step, int steps, int count) {
        int first = steps > 2 ? 2 : 1;
        int some = Math.min(count, steps - first);
        for (int i = 0; i < some; i++) {
            if (step == first + i * (steps - first) / some) {
                return true;
            }
        }
        return false;
    }
}

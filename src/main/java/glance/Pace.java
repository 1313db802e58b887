package glance;

/** The mean time of a step, and what it foretells. */
final class Pace {
    private int timed;
    private double seconds;

    /**
     * A step is done.
     *
     * @param steps that are left
     * @param stepSeconds its time; 0 if it was not computed but known
     * @return seconds that the others will take; 0 as long as none was computed
     */
    double left(int steps, double stepSeconds) {
        if (stepSeconds > 0) {
            timed++;
            seconds += stepSeconds;
        }
        return timed == 0 ? 0 : steps * seconds / timed;
    }
}

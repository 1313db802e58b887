package glance.api;

/** Training went wrong in its numbers; the message names the step and the tensor. */
public final class TrainingFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int step;
    private final String what;

    /** At a step, with what was found there. */
    public TrainingFailure(int step, String what) {
        super("training step " + step + ": " + what + "; lower the learning rate");
        this.step = step;
        this.what = what;
    }

    private TrainingFailure(TrainingFailure cause, String remedy) {
        super("training step " + cause.step + ": " + cause.what + "; " + remedy, cause);
        this.step = cause.step;
        this.what = cause.what;
    }

    /** The same failure with what the user can do about it. */
    public TrainingFailure withRemedy(String remedy) {
        return new TrainingFailure(this, remedy);
    }
}

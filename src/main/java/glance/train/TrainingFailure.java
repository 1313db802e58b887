package glance.train;

/** Training went wrong in its numbers; the message names the step and the value. */
public final class TrainingFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingFailure(int step, String what, float value) {
        super(
                "training step "
                        + step
                        + ": "
                        + what
                        + " is "
                        + value
                        + "; lower the learning rate, and go on from the last checkpoint");
    }
}

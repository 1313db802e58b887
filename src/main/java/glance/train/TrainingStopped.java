package glance.train;

/** The user ended training before its end; the state is in the checkpoint. */
public final class TrainingStopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TrainingStopped(String phase, int step) {
        super("phase " + phase + " stopped after step " + step);
    }
}

package glance.train;

/** Hears how training goes. All methods are optional. */
public interface TrainingListener {
    /**
     * A step is done.
     *
     * @param seconds time of this step
     */
    default void step(AdapterTrainer.Result result, double seconds) {}

    /** The adapter as it is after a step; valid during the call only. */
    default void adapter(int step, TrainableAdapter adapter) {}

    /** Something the user should know; the run goes on. */
    default void warning(String message) {}

    /**
     * Asked between steps; true ends the run with {@link TrainingStopped}, after its state was
     * written.
     */
    default boolean isCancelled() {
        return false;
    }
}

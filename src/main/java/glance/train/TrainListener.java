package glance.train;

import glance.api.Trained;
import java.nio.file.Path;

/** Hears how training goes. All methods are optional. */
public interface TrainListener {
    /** The pictures are encoded and the folder is taken: the phases begin. */
    default void begins() {}

    /**
     * A phase begins.
     *
     * @param stepsDone by an earlier run
     */
    default void phase(String name, int stepsDone) {}

    /**
     * A step is done.
     *
     * @param seconds time of this step
     */
    default void step(AdapterTrainer.Result result, double seconds) {}

    /** A picture was drawn with the adapter as it is by now. */
    default void sample(Path file) {}

    /** The adapter of a phase is finished. */
    default void adapter(Trained.Adapter adapter) {}

    /** Something the user may want to know. */
    default void note(String message) {}

    /** Something the user should know; the run goes on. */
    default void warning(String message) {}

    /**
     * Asked between steps; true ends the run with {@link glance.api.CancelledException}, after its
     * state was written.
     */
    default boolean isCancelled() {
        return false;
    }
}

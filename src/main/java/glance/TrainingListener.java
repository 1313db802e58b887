package glance;

import glance.api.Trained;
import java.nio.file.Path;

/**
 * Hears how training goes, and may end it. Called on the engine's own thread, one call at a time;
 * the work waits meanwhile, so be quick. A listener cannot call a model back.
 */
@FunctionalInterface
public interface TrainingListener {
    /** Hears nothing. */
    TrainingListener NONE = progress -> {};

    /** A step is done. */
    void progress(TrainingProgress progress);

    /** The pictures are encoded and the folder is taken: the steps begin. */
    default void begins() {}

    /** A picture was drawn with the adapter as it is by now, and is in a file. */
    default void sample(Path file) {}

    /** The adapter of a phase is finished; those of others may follow. */
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

package glance.api.adapter;

/**
 * Hears what a tool is doing, and may end it. Called on the thread that the tool runs on; the work
 * waits meanwhile, so be quick.
 */
@FunctionalInterface
public interface Watch {
    /** Hears nothing. */
    Watch NONE = (name, done, total) -> {};

    /**
     * The next piece of the work begins.
     *
     * @param name of the module or tensor
     * @param done how many are done
     * @param total how many there are
     */
    void next(String name, int done, int total);

    /** Something the user may want to know. */
    default void note(String message) {}

    /** Something the user should know; the work goes on. */
    default void warning(String message) {}

    /** Asked between pieces; true ends the work with {@link glance.api.CancelledException}. */
    default boolean isCancelled() {
        return false;
    }
}

package glance;

import java.util.List;

/**
 * Hears what a model is doing, and may end it. Called on the model's own thread, one call at a
 * time; the work waits meanwhile, so be quick. A listener cannot call the model back.
 */
@FunctionalInterface
public interface Listener {
    /** Hears nothing. */
    Listener NONE = progress -> {};

    /** A denoising step is done. */
    void progress(Progress progress);

    /**
     * A part of the work begins that has no steps: loading or running a component.
     *
     * @param name such as {@code text encoder}
     */
    default void stage(String name) {}

    /**
     * From now on its forward passes are those of several requests: see {@link Model#draw(List)}.
     *
     * @param requests how many share them, this one among them
     */
    default void together(int requests) {}

    /**
     * Asked after each step: whether {@link #preview} shall have the pictures as they look by now.
     * They are decoded for that, which may take as long as a step.
     *
     * @param progress where the run is
     */
    default boolean wantsPreview(Progress progress) {
        return false;
    }

    /**
     * The pictures of a prompt as they look by now.
     *
     * @param progress where the run is
     * @param pictures one for each of the batch
     */
    default void preview(Progress progress, List<Picture> pictures) {}

    /**
     * A picture is finished; those of later prompts are still to come.
     *
     * @param index counted from 0, prompt by prompt and within a prompt seed by seed
     */
    default void picture(int index, Picture picture) {}

    /** Something the user may want to know. */
    default void note(String message) {}

    /** Something the user should know; the run goes on. */
    default void warning(String message) {}

    /** Asked between steps; true ends the run with {@link glance.api.CancelledException}. */
    default boolean isCancelled() {
        return false;
    }
}

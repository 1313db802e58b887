package glance.pipeline;

import glance.api.CancelledException;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.List;

/** Hears what a run is doing. All methods are optional. */
public interface RunListener {
    /** A part of the work begins: loading or running a component. */
    default void stage(String name) {}

    /**
     * A denoising step is done.
     *
     * @param step counted from 1
     * @param steps steps of this picture
     * @param phase name of the phase, or null
     * @param seconds time of this step
     */
    default void step(int step, int steps, String phase, double seconds) {}

    /** Its forward passes are shared by so many drawings, it among them. */
    default void together(int drawings) {}

    /** The steps begin again from the first, with less memory; no picture is finished so far. */
    default void again() {}

    /**
     * The latents after a step, [batch, tokens, channels]; valid during the call only.
     *
     * @param step counted from 1
     */
    default void latents(int step, Tensor latents) {}

    /** Something the user may want to know. */
    default void note(String message) {}

    /** Something the user should know; the run goes on. */
    default void warning(String message) {}

    /** The adapters changed between two steps. */
    default void adapterSwitch(double seconds) {}

    /** Asked after each step: whether {@link #preview} shall have the pictures as they look now. */
    default boolean wantsPreview() {
        return false;
    }

    /** The pictures as they look after a step. */
    default void preview(int step, List<BufferedImage> pictures) {}

    /**
     * A picture is finished.
     *
     * @param index counted from 0, prompt by prompt and within a prompt seed by seed
     */
    default void picture(int index, ImageResult picture) {}

    /**
     * Asked between steps; true ends the run with {@link CancelledException}, after the pictures
     * whose last step is done were finished.
     */
    default boolean isCancelled() {
        return false;
    }
}

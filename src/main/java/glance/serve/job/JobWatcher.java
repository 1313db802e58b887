package glance.serve.job;

import glance.Picture;
import java.util.List;

/** Hears what happens to a job. Called on the thread that draws, so be quick. */
public interface JobWatcher {
    /** It went on: a step, a stage, a warning, another state. */
    void changed(JobRecord job);

    /** A step is done that took so long. */
    default void step(double seconds) {}

    /**
     * Its forward passes are shared.
     *
     * @param jobs how many share them, this one among them
     */
    default void together(int jobs) {}

    /** Whether the pictures as they look after a step are wanted. */
    default boolean wantsPreview(int step, int steps) {
        return false;
    }

    /**
     * The pictures as they look after a step.
     *
     * @param pngs one for each of the job
     */
    default void preview(JobRecord job, List<byte[]> pngs) {}

    /**
     * A finished picture, which is kept already.
     *
     * @param index counted from 0
     * @param png it as a file
     */
    default void picture(JobRecord job, int index, Picture picture, byte[] png) {}
}

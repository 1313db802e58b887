package glance.pipeline;

import java.util.List;

/** Hears how each of several drawings ends, as soon as it does. */
public interface DrawingEnds {
    /**
     * All pictures of a drawing are finished.
     *
     * @param pictures prompt by prompt
     */
    void done(Drawing drawing, List<ImageResult> pictures);

    /**
     * A drawing has no more pictures.
     *
     * @param cause {@link glance.api.CancelledException} if its listener asked for it
     */
    void failed(Drawing drawing, Throwable cause);
}

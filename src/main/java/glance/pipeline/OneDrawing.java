package glance.pipeline;

import java.util.List;

/** How a drawing ends that is alone: with its pictures, or with what went wrong. */
final class OneDrawing implements DrawingEnds {
    private List<ImageResult> pictures;
    private Throwable cause;

    @Override
    public void done(Drawing drawing, List<ImageResult> made) {
        pictures = made;
    }

    @Override
    public void failed(Drawing drawing, Throwable why) {
        cause = why;
    }

    List<ImageResult> pictures() {
        if (cause instanceof Error error) {
            throw error;
        }
        if (cause != null) {
            throw (RuntimeException) cause;
        }
        return pictures;
    }
}

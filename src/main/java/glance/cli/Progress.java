package glance.cli;

import glance.io.PrintableText;
import glance.pipeline.ImageResult;
import glance.pipeline.RunListener;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.ObjIntConsumer;

/** Shows how far a run is, and passes the user's wish to stop on to it. */
final class Progress implements RunListener, AutoCloseable {
    /** Takes the pictures of a step. */
    @FunctionalInterface
    interface PreviewSink {
        /**
         * @param prompt index of the prompt that is being drawn
         */
        void accept(int prompt, int step, List<BufferedImage> pictures);
    }

    private final Session session;
    private final StepBar bar;
    private final PreviewSink previews;
    private final ObjIntConsumer<ImageResult> pictures;
    private int prompt = -1;
    private int done;

    /**
     * @param task what is done, in a word
     * @param total denoising steps of all pictures; those that come on top are not counted
     */
    Progress(
            Session session,
            String task,
            int total,
            PreviewSink previews,
            ObjIntConsumer<ImageResult> pictures) {
        this.session = session;
        this.bar = new StepBar(session, task, total);
        this.previews = previews;
        this.pictures = pictures;
    }

    /** Of a run whose pictures go elsewhere. */
    Progress(Session session, String task, int total) {
        this(session, task, total, (prompt, step, shown) -> {}, (picture, index) -> {});
    }

    @Override
    public void stage(String name) {
        bar.stage(name);
    }

    @Override
    public void step(int step, int steps, String phase, double seconds) {
        if (step == 1) {
            prompt++;
        }
        done++;
        bar.step(done, seconds, phase == null ? List.of() : List.of(PrintableText.line(phase)));
    }

    @Override
    public void warning(String message) {
        close();
        session.note("warning: " + message);
    }

    @Override
    public void preview(int step, List<BufferedImage> pictures) {
        previews.accept(prompt, step, pictures);
    }

    @Override
    public void picture(int index, ImageResult picture) {
        bar.close();
        pictures.accept(picture, index);
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    /** Takes the bar away, so that the next message stands alone. */
    @Override
    public void close() {
        bar.close();
    }
}

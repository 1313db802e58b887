package glance.cli;

import glance.Listener;
import glance.Picture;
import glance.text.PrintableText;
import java.util.List;

/** Shows how far a run is, and passes the user's wish to stop on to it. */
final class Progress implements Listener, AutoCloseable {
    /** Takes the pictures of a step. */
    @FunctionalInterface
    interface PreviewSink {
        void accept(glance.Progress progress, List<Picture> pictures);
    }

    /** Takes finished pictures. */
    @FunctionalInterface
    interface PictureSink {
        void accept(int index, Picture picture);
    }

    private final Session session;
    private final StepBar bar;
    private final PreviewSink previews;
    private final PictureSink pictures; // null where nothing is said of a picture

    /**
     * @param task what is done, in a word
     * @param total denoising steps of all pictures; those that come on top are not counted
     */
    Progress(Session session, String task, int total, PreviewSink previews, PictureSink pictures) {
        this.session = session;
        this.bar = new StepBar(session, task, total);
        this.previews = previews;
        this.pictures = pictures;
    }

    /** Of a run whose pictures go elsewhere. */
    Progress(Session session, String task, int total) {
        this(session, task, total, (progress, shown) -> {}, null);
    }

    @Override
    public void stage(String name) {
        bar.stage(name);
    }

    @Override
    public void progress(glance.Progress progress) {
        String phase = progress.phase();
        bar.step(
                progress.done(),
                progress.stepSeconds(),
                phase == null ? List.of() : List.of(PrintableText.line(phase)));
    }

    @Override
    public void warning(String message) {
        close();
        session.note("warning: " + message);
    }

    @Override
    public void preview(glance.Progress progress, List<Picture> shown) {
        previews.accept(progress, shown);
    }

    @Override
    public void picture(int index, Picture picture) {
        if (pictures != null) {
            bar.close();
            pictures.accept(index, picture);
        }
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

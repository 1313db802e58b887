package glance.cli;

import glance.io.PrintableText;
import glance.pipeline.ImageResult;
import glance.pipeline.RunListener;
import java.awt.image.BufferedImage;
import java.io.PrintStream;
import java.util.List;
import java.util.function.ObjIntConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a run is: a bar where stderr is a terminal, else a line now and then. Also passes
 * the user's wish to stop on to the run.
 */
final class Progress implements RunListener, AutoCloseable {
    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;
    private static final int REDRAW_MILLIS = 200;
    private static final String CLEAR_TO_END = "\u001b[K";

    /** Takes the pictures of a step. */
    @FunctionalInterface
    interface PreviewSink {
        /**
         * @param prompt index of the prompt that is being drawn
         */
        void accept(int prompt, int step, List<BufferedImage> pictures);
    }

    private final Session session;
    private final int prompts;
    private final PreviewSink previews;
    private final ObjIntConsumer<ImageResult> pictures;
    private final boolean interactive = Terminal.isStderr();
    private final long start = System.nanoTime();
    private long lastLine = start;
    private ProgressBar bar;
    private int prompt = -1;
    private int done;

    Progress(
            Session session,
            int prompts,
            PreviewSink previews,
            ObjIntConsumer<ImageResult> pictures) {
        this.session = session;
        this.prompts = prompts;
        this.previews = previews;
        this.pictures = pictures;
    }

    @Override
    public void stage(String name) {
        if (interactive && bar == null) {
            show(name + " ...");
        }
    }

    @Override
    public void step(int step, int steps, String phase, double seconds) {
        if (step == 1) {
            prompt++;
        }
        done++;
        String state =
                (phase == null ? "" : PrintableText.line(phase) + ", ")
                        + Units.seconds(seconds)
                        + "/step";
        if (interactive) {
            redraw(steps, state);
        } else if (System.nanoTime() - lastLine > LINE_INTERVAL_NANOS) {
            lastLine = System.nanoTime();
            double left = (prompts * steps - done) * (lastLine - start) * 1e-9 / done;
            session.note(
                    "step "
                            + done
                            + " of "
                            + prompts * steps
                            + " ("
                            + state
                            + "), about "
                            + Units.seconds(left)
                            + " left");
        }
    }

    private void redraw(int steps, String state) {
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName("denoising")
                            .setInitialMax((long) prompts * steps)
                            .setStyle(ProgressBarStyle.ASCII)
                            .setUpdateIntervalMillis(REDRAW_MILLIS)
                            .setConsumer(
                                    new DelegatingProgressBarConsumer(
                                            this::show, Terminal.columns() - 1))
                            .build();
        }
        bar.setExtraMessage(" " + state);
        bar.stepTo(done);
        if (done == prompts * steps) {
            bar.close();
        }
    }

    private void show(String line) {
        session.err().print('\r' + line + CLEAR_TO_END);
        session.err().flush();
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
        clearLine();
        pictures.accept(picture, index);
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    /** Takes the bar away, so that the next message stands alone. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
        clearLine();
    }

    private void clearLine() {
        if (interactive) {
            PrintStream err = session.err();
            err.print('\r' + CLEAR_TO_END);
            err.flush();
        }
    }
}

package glance.cli;

import glance.pipeline.RunListener;
import java.io.PrintStream;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a comparison is: a bar over the steps of all runs where stderr is a terminal, else
 * a line now and then. Also passes on the user's wish to stop.
 */
final class CompareProgress implements RunListener, AutoCloseable {
    private static final long LINE_INTERVAL_NANOS = 30_000_000_000L;
    private static final int REDRAW_MILLIS = 200;
    private static final String CLEAR_TO_END = "\u001b[K";

    private final Session session;
    private final int total;
    private final boolean interactive = Terminal.isStderr();
    private long start;
    private long lastLine;
    private ProgressBar bar;
    private int done;

    /**
     * @param total denoising steps of all runs
     */
    CompareProgress(Session session, int total) {
        this.session = session;
        this.total = total;
    }

    @Override
    public void stage(String name) {
        if (interactive && bar == null) {
            show(name + " ...");
        }
    }

    @Override
    public void step(int step, int steps, String phase, double seconds) {
        long now = System.nanoTime();
        if (start == 0) {
            start = now;
            lastLine = now;
        }
        // The steps that warm up come on top of the total.
        done = Math.min(total, done + 1);
        if (interactive) {
            redraw();
        } else if (now - lastLine > LINE_INTERVAL_NANOS) {
            lastLine = now;
            double left = (total - done) * (now - start) * 1e-9 / done;
            session.note(
                    "step " + done + " of " + total + ", about " + Units.seconds(left) + " left");
        }
    }

    private void redraw() {
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName("comparing")
                            .setInitialMax(total)
                            .setStyle(ProgressBarStyle.ASCII)
                            .setUpdateIntervalMillis(REDRAW_MILLIS)
                            .setConsumer(
                                    new DelegatingProgressBarConsumer(
                                            this::show, Terminal.columns() - 1))
                            .build();
        }
        bar.stepTo(done);
        if (done == total) {
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
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    /** Takes the bar away, so that the next message stands alone. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
        if (interactive) {
            PrintStream err = session.err();
            err.print('\r' + CLEAR_TO_END);
            err.flush();
        }
    }
}

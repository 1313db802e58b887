package glance.cli.common;

import glance.Listener;
import glance.TrainingListener;
import glance.TrainingProgress;
import glance.api.adapter.Watch;
import glance.text.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/**
 * Shows how far any work is: a bar in one line where stderr is a terminal, else a line now and
 * then. The time that is left is that of the steps that are left, at the mean time of a step, which
 * is shown beside it. Passes warnings to the user, and the user's wish to stop to the work.
 */
public class Progress implements Listener, TrainingListener, Watch, AutoCloseable {
    /** Losses of so many steps make one that is worth looking at. */
    public static final int RECENT = 20;

    /** A unit whose pieces are many and quick: the rate is shown in place of the time of one. */
    public static final String MEGABYTE = "MB";

    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;

    /** Lines of a long run come in steps of this share of it. */
    private static final int LINES_SHARE = 20;

    private static final int REDRAW_MILLIS = 200;
    private static final int LEAST_BAR = 12;
    private static final int MOST_BAR = 32;
    private static final String CLEAR_TO_END = "\u001b[K";

    private final Session session;
    private final String unit;
    private final boolean interactive = Terminal.isStderr();
    private final int columns = interactive ? Terminal.columns() - 1 : 0;
    private final long start = System.nanoTime();
    private final List<Float> losses = new ArrayList<>();
    private long lastLine = start;
    private long lastPiece;
    private int counted;
    private ProgressBar bar;
    private String task;
    private int done;
    private int total;
    private int timed;
    private double seconds;

    // read by the thread of the library that redraws the bar
    private volatile String shown = "";
    private volatile List<String> details = List.of();

    /** Counts steps. */
    public Progress(Session session, String task) {
        this(session, task, "step");
    }

    /**
     * @param task what is done, in a word
     * @param unit what is counted, such as "module"
     */
    public Progress(Session session, String task, String unit) {
        this.session = session;
        this.task = task;
        this.unit = unit;
    }

    /** Something before the first step is under way. */
    @Override
    public void stage(String name) {
        if (interactive && bar == null) {
            show(name + " ...");
        }
    }

    /** A denoising step is done. */
    @Override
    public void progress(glance.Progress progress) {
        String phase = progress.phase();
        step(
                progress.done(),
                progress.total(),
                progress.stepSeconds(),
                phase == null ? List.of() : List.of(PrintableText.line(phase)));
    }

    /** A training step is done; each phase is a task of its own. */
    @Override
    public void progress(TrainingProgress progress) {
        if (!progress.phase().equals(task)) {
            close();
            task = progress.phase();
            timed = 0;
            seconds = 0;
            losses.clear();
        }
        losses.add(progress.loss());
        double recent = mean(losses.subList(Math.max(0, losses.size() - RECENT), losses.size()));
        step(
                progress.step(),
                progress.steps(),
                progress.stepSeconds(),
                List.of(
                        String.format(Locale.ROOT, "loss %.4f", recent),
                        "rate " + progress.learningRate()));
    }

    /** A piece of work on files begins. */
    @Override
    public void next(String name, int piecesDone, int pieces) {
        long now = System.nanoTime();
        int finished = piecesDone - counted;
        double pieceSeconds = finished > 0 && lastPiece > 0 ? (now - lastPiece) * 1e-9 : 0;
        if (finished != 0 || lastPiece == 0) {
            lastPiece = now;
        }
        counted = piecesDone;
        // of pieces that are finished together, each took its share
        timed += pieceSeconds > 0 ? finished - 1 : 0;
        step(piecesDone, pieces, pieceSeconds, List.of(PrintableText.line(name)));
    }

    @Override
    public void note(String message) {
        close();
        session.note(message);
    }

    @Override
    public void warning(String message) {
        note("warning: " + message);
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    /**
     * A step is done.
     *
     * @param number of this step, from 1
     * @param of steps in all
     * @param stepSeconds its time; 0 if nothing had to be done
     * @param more what else to show, most important first
     */
    private void step(int number, int of, double stepSeconds, List<String> more) {
        done = number;
        total = of;
        if (stepSeconds > 0) {
            timed++;
            seconds += stepSeconds;
        }
        if (interactive) {
            redraw(more);
            return;
        }
        long now = System.nanoTime();
        if (now - lastLine > Math.max(LINE_INTERVAL_NANOS, (now - start) / LINES_SHARE)) {
            lastLine = now;
            String state = String.join(", ", state(more));
            String count = done + " of " + total;
            session.note(
                    task
                            + ": "
                            + (isMegabytes() ? count + " " + unit : unit + " " + count)
                            + ", "
                            + state);
        }
    }

    /** Time of the steps of this task, in seconds. */
    public double seconds() {
        return seconds;
    }

    /** Mean time of a step, in seconds. */
    public double secondsPerStep() {
        return timed == 0 ? 0 : seconds / timed;
    }

    public static double mean(List<Float> values) {
        return values.stream().mapToDouble(Float::doubleValue).average().orElse(0);
    }

    /** What is shown beside the number of the step, most important first. */
    List<String> state(List<String> more) {
        List<String> state = new ArrayList<>();
        if (timed > 0 && done < total) {
            state.add("about " + Units.seconds((total - done) * secondsPerStep()) + " left");
        }
        if (timed > 0) {
            state.add(
                    isMegabytes()
                            ? String.format(Locale.ROOT, "%.1f MB/s", 1 / secondsPerStep())
                            : Units.seconds(secondsPerStep()) + "/" + unit);
        }
        state.addAll(more);
        return state;
    }

    private boolean isMegabytes() {
        return unit.equals(MEGABYTE);
    }

    private void redraw(List<String> more) {
        shown = task + " " + done + "/" + total + (isMegabytes() ? " " + unit : "");
        details = state(more);
        if (bar == null) {
            show(line(shown, total == 0 ? 0 : (double) done / total, details, columns));
            bar =
                    new ProgressBarBuilder()
                            .setInitialMax(total)
                            .setUpdateIntervalMillis(REDRAW_MILLIS)
                            .setRenderer(
                                    (state, length) ->
                                            line(
                                                    shown,
                                                    state.getNormalizedProgress(),
                                                    details,
                                                    columns))
                            .setConsumer(new DelegatingProgressBarConsumer(this::show, columns))
                            .build();
        }
        bar.stepTo(done);
        if (done == total) {
            bar.close();
        }
    }

    /**
     * A line of at most so many columns: as many of the details as fit, and a bar if there is room.
     */
    static String line(String head, double share, List<String> details, int columns) {
        StringBuilder tail = new StringBuilder();
        for (String detail : details) {
            String next = ", " + detail;
            if (head.length() + tail.length() + next.length() > columns) {
                break;
            }
            tail.append(next);
        }
        int room = Math.min(MOST_BAR, columns - head.length() - tail.length() - " []".length());
        String bar = "";
        if (room >= LEAST_BAR) {
            int filled = (int) Math.round(share * room);
            bar = " [" + "=".repeat(filled) + " ".repeat(room - filled) + "]";
        }
        String line = head + bar + tail;
        return line.length() <= columns ? line : line.substring(0, Math.max(0, columns));
    }

    private void show(String line) {
        String fitting = line.length() <= columns ? line : line.substring(0, columns);
        session.err().print('\r' + fitting + CLEAR_TO_END);
        session.err().flush();
    }

    /** Takes the bar away, so that the next message stands alone; the next step brings it back. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
        if (interactive) {
            session.err().print('\r' + CLEAR_TO_END);
            session.err().flush();
        }
    }
}

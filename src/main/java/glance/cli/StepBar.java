package glance.cli;

import java.util.ArrayList;
import java.util.List;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/**
 * Counts steps of equal work: a bar in one line where stderr is a terminal, else a line now and
 * then. The time that is left is that of the steps that are left, at the mean time of a step, which
 * is shown beside it.
 */
final class StepBar implements AutoCloseable {
    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;

    /** Lines of a long run come in steps of this share of it. */
    private static final int LINES_SHARE = 20;

    private static final int REDRAW_MILLIS = 200;
    private static final int LEAST_BAR = 12;
    private static final int MOST_BAR = 32;
    private static final String CLEAR_TO_END = "\u001b[K";

    private final Session session;
    private final String task;
    private final int total;
    private final boolean interactive = Terminal.isStderr();
    private final int columns = interactive ? Terminal.columns() - 1 : 0;
    private final long start = System.nanoTime();
    private long lastLine = start;
    private ProgressBar bar;
    private int done;
    private int timed;
    private double seconds;

    // read by the thread of the library that redraws the bar
    private volatile String shown = "";
    private volatile List<String> details = List.of();

    /**
     * @param task what is done, in a word
     * @param total steps in all
     */
    StepBar(Session session, String task, int total) {
        this.session = session;
        this.task = task;
        this.total = total;
    }

    /** Something before the first step is under way. */
    void stage(String name) {
        if (interactive && bar == null) {
            show(name + " ...");
        }
    }

    /**
     * A step is done.
     *
     * @param number of this step, from 1
     * @param stepSeconds its time; 0 if nothing had to be done
     * @param more what else to show, most important first
     */
    void step(int number, double stepSeconds, List<String> more) {
        done = Math.min(number, total);
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
            session.note(
                    task
                            + ": step "
                            + done
                            + " of "
                            + total
                            + ", "
                            + String.join(", ", state(more)));
        }
    }

    /** Mean time of a step, in seconds. */
    double secondsPerStep() {
        return timed == 0 ? 0 : seconds / timed;
    }

    /** What is shown beside the number of the step, most important first. */
    List<String> state(List<String> more) {
        List<String> state = new ArrayList<>();
        if (timed > 0 && done < total) {
            state.add("about " + Units.seconds((total - done) * secondsPerStep()) + " left");
        }
        if (timed > 0) {
            state.add(Units.seconds(secondsPerStep()) + "/step");
        }
        state.addAll(more);
        return state;
    }

    private void redraw(List<String> more) {
        shown = task + " " + done + "/" + total;
        details = state(more);
        if (bar == null) {
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

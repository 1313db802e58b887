package glance.cli;

import glance.api.adapter.Watch;

/**
 * Counts through long work on files: a line that is redrawn where stderr is a terminal, else a line
 * now and then. Passes the user's wish to stop on to the work, and its warnings to the user.
 */
final class Work implements Watch, AutoCloseable {
    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;
    private static final long REDRAW_INTERVAL_NANOS = 100_000_000L;
    private static final String CLEAR_TO_END = "\u001b[K";

    private final Session session;
    private final String noun;
    private final boolean interactive = Terminal.isStderr();
    private final int width = interactive ? Terminal.columns() - 1 : 0;
    private long start;
    private long lastShown;
    private boolean shown;

    /**
     * @param noun what is counted, such as "module"
     */
    Work(Session session, String noun) {
        this.session = session;
        this.noun = noun;
    }

    @Override
    public boolean isCancelled() {
        return session.stop().isRequested();
    }

    @Override
    public void warning(String message) {
        session.note("warning: " + message);
    }

    @Override
    public void next(String name, int done, int total) {
        long now = System.nanoTime();
        if (done == 0) {
            start = now;
            lastShown = now;
        }
        if (now - lastShown > (interactive ? REDRAW_INTERVAL_NANOS : LINE_INTERVAL_NANOS)) {
            lastShown = now;
            String line = noun + " " + (done + 1) + " of " + total;
            if (interactive) {
                shown = true;
                String text = line + ": " + name;
                int columns = Math.min(text.length(), width);
                session.err().print('\r' + text.substring(0, columns) + CLEAR_TO_END);
                session.err().flush();
            } else {
                double left = (double) (total - done) * (now - start) * 1e-9 / Math.max(1, done);
                session.note(line + (done == 0 ? "" : ", about " + Units.seconds(left) + " left"));
            }
        }
    }

    /** Takes the line away. */
    @Override
    public void close() {
        if (shown) {
            session.err().print('\r' + CLEAR_TO_END);
            session.err().flush();
        }
    }
}

package glance.cli;

/**
 * Counts through long work on files: a line that is redrawn where stderr is a terminal, else a line
 * now and then. Passes the user's wish to stop on to the work.
 */
final class Work implements AutoCloseable {
    private static final long LINE_INTERVAL_NANOS = 10_000_000_000L;
    private static final long REDRAW_INTERVAL_NANOS = 100_000_000L;
    private static final String CLEAR_TO_END = "\u001b[K";

    private final Session session;
    private final String noun;
    private final int total;
    private final boolean interactive = Terminal.isStderr();
    private final int width = interactive ? Terminal.columns() - 1 : 0;
    private final long start = System.nanoTime();
    private long lastShown = start;
    private boolean shown;
    private int done;

    /**
     * @param noun what is counted, such as "module"
     */
    Work(Session session, String noun, int total) {
        this.session = session;
        this.noun = noun;
        this.total = total;
    }

    /**
     * @throws IllegalStateException if the user wants to stop
     */
    void checkStop() {
        if (session.stop().isRequested()) {
            throw new IllegalStateException("interrupted");
        }
    }

    /**
     * One more is about to begin.
     *
     * @throws IllegalStateException if the user wants to stop
     */
    void next(String name) {
        checkStop();
        long now = System.nanoTime();
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
        done++;
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

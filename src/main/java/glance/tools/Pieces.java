package glance.tools;

import glance.api.CancelledException;
import glance.api.adapter.Watch;

/** Counts through the pieces of a work, and ends it when it is no longer wanted. */
final class Pieces {
    private final Watch watch;
    private final int total;
    private int done;

    Pieces(Watch watch, int total) {
        this.watch = watch;
        this.total = total;
    }

    /**
     * @throws CancelledException if the work is to end
     */
    void checkCancelled() {
        if (watch.isCancelled() || Thread.currentThread().isInterrupted()) {
            throw new CancelledException();
        }
    }

    /**
     * One more is about to begin.
     *
     * @throws CancelledException if the work is to end
     */
    void next(String name) {
        checkCancelled();
        watch.next(name, done++, total);
    }
}

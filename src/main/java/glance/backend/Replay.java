package glance.backend;

/** Work that is queued again and again. Each time it reads and writes the same memory. */
public interface Replay extends AutoCloseable {
    /** Queues the work once more. */
    void run();

    /** Gives back what the device holds for it; it cannot be run any more. */
    @Override
    void close();

    /** Work that is simply done anew each time. */
    static Replay plain(Runnable work) {
        return new Replay() {
            @Override
            public void run() {
                work.run();
            }

            @Override
            public void close() {
                // holds nothing
            }
        };
    }
}

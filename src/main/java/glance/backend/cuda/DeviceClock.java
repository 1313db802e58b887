package glance.backend.cuda;

import glance.backend.cuda.driver.Driver;

/** Measures with two events on the stream: what the GPU did between them, not what the host did. */
final class DeviceClock {
    private static final double NANOS_PER_MILLI = 1e6;

    private final Driver driver;
    private final long stream;
    private final long start;
    private final long end;

    DeviceClock(Driver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
        this.start = driver.createEvent();
        this.end = driver.createEvent();
    }

    /** Time between the start and the end of what {@code work} queues on the stream. */
    long elapsedNanos(Runnable work) {
        driver.record(start, stream);
        work.run();
        driver.record(end, stream);
        driver.await(end);
        return Math.round(driver.elapsedMillis(start, end) * NANOS_PER_MILLI);
    }

    void close() {
        driver.destroyEvent(start);
        driver.destroyEvent(end);
    }
}

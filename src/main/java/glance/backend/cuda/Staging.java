package glance.backend.cuda;

import glance.backend.cuda.driver.Driver;
import java.nio.ByteBuffer;

/**
 * The way between host and device memory: pinned buffers, used in turn, so that the next piece is
 * filled while the last one is on its way.
 */
final class Staging {
    private static final int BUFFERS = 2;
    private static final int BUFFER_BYTES = 8 << 20;

    private final Driver driver;
    private final long stream;
    private final ByteBuffer[] buffers = new ByteBuffer[BUFFERS];
    private final long[] sent = new long[BUFFERS];
    private int next;

    Staging(Driver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
        for (int i = 0; i < BUFFERS; i++) {
            buffers[i] = driver.allocatePinned(BUFFER_BYTES);
            sent[i] = driver.createEvent();
            driver.record(sent[i], stream);
        }
    }

    /** Queues the copy of the remaining bytes; the source may be changed at once. */
    void upload(ByteBuffer source, long target) {
        ByteBuffer rest = source.duplicate();
        long at = target;
        while (rest.hasRemaining()) {
            int bytes = Math.min(rest.remaining(), BUFFER_BYTES);
            ByteBuffer buffer = buffers[next];
            driver.await(sent[next]);
            buffer.clear().put(rest.slice(rest.position(), bytes)).flip();
            driver.upload(buffer, at, stream);
            driver.record(sent[next], stream);
            rest.position(rest.position() + bytes);
            at += bytes;
            next = (next + 1) % BUFFERS;
        }
    }

    /** Fills the remaining bytes of the target, after all queued work is done. */
    void download(long source, ByteBuffer target) {
        ByteBuffer rest = target.duplicate();
        long at = source;
        while (rest.hasRemaining()) {
            int bytes = Math.min(rest.remaining(), BUFFER_BYTES);
            ByteBuffer buffer = buffers[next];
            driver.await(sent[next]);
            buffer.clear().limit(bytes);
            driver.download(at, buffer, stream);
            driver.synchronize(stream);
            rest.put(buffer);
            at += bytes;
        }
    }

    void close() {
        for (int i = 0; i < BUFFERS; i++) {
            driver.destroyEvent(sent[i]);
            driver.freePinned(buffers[i]);
        }
    }
}

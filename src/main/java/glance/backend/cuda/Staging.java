package glance.backend.cuda;

import glance.backend.cuda.driver.Driver;
import java.nio.ByteBuffer;

/**
 * The way between host and device memory: pinned buffers, filled in turn, so that the next piece is
 * filled while the last one is on its way. Small uploads share a buffer: the host waits only when
 * it comes back to one whose uploads are not done, which is megabytes later.
 */
final class Staging {
    private static final int BUFFERS = 2;
    private static final int BUFFER_BYTES = 8 << 20;

    private final Driver driver;
    private final long stream;
    private final ByteBuffer[] buffers = new ByteBuffer[BUFFERS];
    private final long[] sent = new long[BUFFERS];
    private int current;

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
            ByteBuffer buffer = withRoom();
            int from = buffer.position();
            int bytes = Math.min(rest.remaining(), buffer.remaining());
            buffer.put(rest.slice(rest.position(), bytes)).flip().position(from);
            driver.upload(buffer, at, stream);
            buffer.limit(BUFFER_BYTES).position(from + bytes);
            rest.position(rest.position() + bytes);
            at += bytes;
        }
    }

    /** The buffer that is being filled, or the next one if it is full. */
    private ByteBuffer withRoom() {
        return buffers[current].hasRemaining() ? buffers[current] : nextBuffer();
    }

    /** Leaves the buffer being filled and waits until nothing needs the next one any more. */
    private ByteBuffer nextBuffer() {
        driver.record(sent[current], stream);
        current = (current + 1) % BUFFERS;
        driver.await(sent[current]);
        return buffers[current].clear();
    }

    /** Fills the remaining bytes of the target, after all queued work is done. */
    void download(long source, ByteBuffer target) {
        ByteBuffer rest = target.duplicate();
        long at = source;
        while (rest.hasRemaining()) {
            ByteBuffer buffer = nextBuffer();
            int bytes = Math.min(rest.remaining(), BUFFER_BYTES);
            buffer.limit(bytes);
            driver.download(at, buffer, stream);
            driver.synchronize(stream);
            rest.put(buffer);
            buffer.clear();
            at += bytes;
        }
    }

    void close() {
        driver.synchronize(stream); // copies read the buffers
        for (int i = 0; i < BUFFERS; i++) {
            driver.destroyEvent(sent[i]);
            driver.freePinned(buffers[i]);
        }
    }
}

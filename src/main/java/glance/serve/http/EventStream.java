package glance.serve.http;

import glance.io.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** An answer of server-sent events. A write fails once the client has left. */
public final class EventStream implements AutoCloseable {
    private static final long BEAT_NANOS = 10_000_000_000L;

    private final OutputStream out;
    private long lastWrite = System.nanoTime();

    EventStream(OutputStream out) {
        this.out = out;
    }

    /** Sends an event with a value as JSON. */
    public void send(String name, Object value) throws IOException {
        write("event: " + name + "\ndata: " + Json.MAPPER.writeValueAsString(value) + "\n\n");
    }

    /** Sends a line that clients ignore, which keeps the connection. */
    public void beat() throws IOException {
        write(":\n\n");
    }

    /** The same, if nothing was sent for ten seconds. */
    public void beatIfSilent() throws IOException {
        if (System.nanoTime() - lastWrite > BEAT_NANOS) {
            beat();
        }
    }

    private void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
        lastWrite = System.nanoTime();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}

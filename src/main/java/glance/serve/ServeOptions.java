package glance.serve;

import java.nio.file.Path;

/**
 * How to serve.
 *
 * @param host name or address to listen on
 * @param port 0 for any that is free
 * @param apiKey that requests need, or null
 * @param adapters folder of the adapters that requests may name, or null
 * @param folder where pictures and jobs are kept
 * @param maxWaiting jobs that may wait
 */
public record ServeOptions(
        String host, int port, String apiKey, Path adapters, Path folder, int maxWaiting) {
    /** Where it listens if nobody says: reached from this machine alone. */
    public static final String LOOPBACK = "127.0.0.1";

    /** The usual port. */
    public static final int PORT = 8188;

    /** The usual length of the queue. */
    public static final int WAITING = 64;
}

package glance.serve;

import glance.api.DeviceInfo;
import glance.api.Request;
import java.nio.file.Path;
import java.util.List;

/**
 * How to serve.
 *
 * @param host name or address to listen on
 * @param port 0 for any that is free
 * @param names other names that clients may call the server by, such as that of a proxy
 * @param apiKey that requests need, or null
 * @param adapters folder of the adapters that requests may name, or null
 * @param folder where pictures and jobs are kept
 * @param maxWaiting jobs that may wait
 * @param batch pictures of several jobs that share forward passes, at most; 1 to draw each job
 *     alone, 0 for what is usual on the device
 * @param largest picture that is drawn; what counts is the number of its pixels
 */
public record ServeOptions(
        String host,
        int port,
        List<String> names,
        String apiKey,
        Path adapters,
        Path folder,
        int maxWaiting,
        int batch,
        Request.Size largest) {
    /** Where it listens if nobody says: reached from this machine alone. */
    public static final String LOOPBACK = "127.0.0.1";

    /** The usual port. */
    public static final int PORT = 8188;

    /** The usual length of the queue. */
    public static final int WAITING = 64;

    /**
     * Pictures that usually share forward passes on a GPU, at most. On the CPU none do: four of
     * glance-tiny together take 0.8 to 0.9 of the CPU time that they take alone, so the first of
     * them would wait for little.
     */
    public static final int GPU_BATCH = 4;

    /** The usual largest picture. */
    public static final String LARGEST = "2048x2048";

    /** How many pictures share forward passes on a device, at most. */
    int batchOn(DeviceInfo device) {
        if (batch > 0) {
            return batch;
        }
        return device.id().equals("cpu") ? 1 : GPU_BATCH;
    }

    /** The same on another port. */
    public ServeOptions at(int otherPort) {
        return new ServeOptions(
                host, otherPort, names, apiKey, adapters, folder, maxWaiting, batch, largest);
    }
}

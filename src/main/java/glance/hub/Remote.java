package glance.hub;

import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/** The content of a file where the hub keeps it. Parts may be read at the same time. */
final class Remote {
    private static final int PAST_THE_END = 416;

    private final HubClient client;
    private final HubName name;
    private final RepoFile file;
    private final URI address;

    /** Where the hub sent us; such an address works for a while. Null before, and after. */
    private volatile URI direct;

    Remote(HubClient client, HubName name, RepoFile file, URI address) {
        this.client = client;
        this.name = name;
        this.file = file;
        this.address = address;
    }

    /**
     * Reads a part, however often the connection breaks.
     *
     * @param first byte of the part
     * @param bytes its length
     * @param received is told how many bytes came
     * @throws HubException if the file may not be read or is shorter than it should be
     */
    ByteBuffer read(long first, int bytes, LongConsumer received)
            throws IOException, InterruptedException {
        ByteBuffer part = ByteBuffer.allocate(bytes);
        Reply reply = client.persist(() -> attempt(first, part, received), part::position);
        if (!reply.isOk()) {
            throw reply.status() == PAST_THE_END
                    ? new HubException(file.path() + " is shorter than the hub says")
                    : new Refusal(client, name).of(reply, file.path());
        }
        return part.flip();
    }

    private Reply attempt(long first, ByteBuffer part, LongConsumer received)
            throws IOException, InterruptedException {
        URI from = direct == null ? address : direct;
        long start = first + part.position();
        boolean whole = start == 0 && part.limit() == file.size();
        Reply reply =
                client.send(
                        "GET",
                        from,
                        whole ? null : new HubClient.Part(start, first + part.limit() - 1),
                        true,
                        part,
                        received);
        boolean isHub = client.isHub(reply.uri());
        if (!isHub && !reply.isOk() && reply.status() != PAST_THE_END) {
            direct = null;
            throw new IOException(reply.uri().getHost() + " answers " + reply.status());
        }
        if (reply.isOk() && !isHub) {
            direct = reply.uri();
        }
        if (reply.isOk() && part.hasRemaining()) {
            throw new EOFException(reply.uri().getHost() + " ended the content early");
        }
        return reply;
    }
}

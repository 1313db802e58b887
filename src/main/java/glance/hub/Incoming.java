package glance.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A blob while it comes. What {@code ETAG.incomplete} holds is always the beginning of the content,
 * so that whoever finds it can go on. One process at a time has it, by a lock that the system takes
 * back however the process ends.
 */
final class Incoming implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;

    /**
     * Locks of this JVM. Locks of the system are between processes: another thread that opened and
     * closed the same file would give the lock of this one away.
     */
    private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

    private final RepoCache cache;
    private final RepoFile file;
    private final Lock lock;
    private final FileChannel channel;
    private MessageDigest digest;
    private long written;

    private Incoming(RepoCache cache, RepoFile file, Lock lock) throws IOException {
        this.cache = cache;
        this.file = file;
        this.lock = lock;
        this.channel =
                FileChannel.open(
                        cache.incomplete(file.etag()),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        digest = digest(file);
        if (channel.size() > file.size()) {
            channel.truncate(0);
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (channel.read(buffer.clear()) >= 0) {
            digest.update(buffer.flip());
        }
        written = channel.position();
    }

    /** The blob of a file, or null where another process, or thread, has it. */
    static Incoming of(RepoCache cache, RepoFile file) throws IOException {
        Files.createDirectories(cache.blob(file.etag()).getParent());
        Lock lock = Lock.of(cache.lock(file.etag()));
        try {
            return lock == null ? null : new Incoming(cache, file, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** The right to write a blob. */
    private record Lock(Path path, FileChannel channel) implements AutoCloseable {
        /** Null if it is taken. */
        static Lock of(Path path) throws IOException {
            Files.createDirectories(path.getParent());
            if (!TAKEN.add(path)) {
                return null;
            }
            try {
                FileChannel channel =
                        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                Lock lock = new Lock(path, channel);
                if (isFree(channel)) {
                    return lock;
                }
                lock.close();
                return null;
            } catch (IOException e) {
                TAKEN.remove(path);
                throw e;
            }
        }

        private static boolean isFree(FileChannel channel) {
            try {
                return channel.tryLock() != null;
            } catch (IOException e) {
                // Some network folders have no locks. Two processes then write the same bytes.
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            try {
                channel.close();
            } finally {
                TAKEN.remove(path);
            }
        }
    }

    /** The content, as the hub names it: of a git blob its length stands before it. */
    private static MessageDigest digest(RepoFile file) {
        try {
            if (file.isSha256()) {
                return MessageDigest.getInstance("SHA-256");
            }
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            sha1.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.US_ASCII));
            return sha1;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has both", e);
        }
    }

    RepoFile file() {
        return file;
    }

    /** Bytes that are there. */
    long written() {
        return written;
    }

    /** Adds what follows. */
    void append(ByteBuffer bytes) throws IOException {
        digest.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            written += channel.write(bytes, written);
        }
    }

    /**
     * Gives the blob its name, if the content is right. Else begins anew.
     *
     * @return whether it was right
     */
    boolean finish() throws IOException {
        if (!HexFormat.of().formatHex(digest.digest()).equals(file.etag())) {
            channel.truncate(0);
            digest = digest(file);
            written = 0;
            return false;
        }
        channel.force(true);
        channel.close();
        Files.move(
                cache.incomplete(file.etag()),
                cache.blob(file.etag()),
                StandardCopyOption.REPLACE_EXISTING);
        return true;
    }

    /** Lets others have it. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
            if (written == 0) {
                Files.deleteIfExists(cache.incomplete(file.etag()));
            }
        } finally {
            lock.close();
        }
    }
}

package glance.train;

import glance.api.RequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The right to train into a folder: a lock on a file in it, which the system takes back however the
 * process ends.
 */
final class TrainLock implements AutoCloseable {
    private static final String NAME = ".glance-train.lock";

    private final Path file;
    private final FileChannel channel;

    private TrainLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @throws RequestException if another run has it
     */
    static TrainLock of(Path folder) throws IOException {
        Path file = folder.resolve(NAME);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        TrainLock result = new TrainLock(file, channel);
        if (!result.isTaken()) {
            channel.close();
            throw new RequestException(
                    folder + ": another run trains into this folder now; choose another, or wait");
        }
        return result;
    }

    private boolean isTaken() {
        try {
            FileLock lock = channel.tryLock();
            // the run before this one may have removed the file while it was opened here
            return lock != null && Files.exists(file);
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (IOException e) {
            // Some network folders have no locks; training works there all the same.
            return true;
        }
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be removed (" + e + ")", e);
        }
    }
}

package glance;

import glance.api.CancelledException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.function.Supplier;

/** Work that writes files on the thread of the caller. */
final class FileWork {
    private FileWork() {}

    /**
     * Does it.
     *
     * @throws CancelledException if the thread was interrupted, which closes the file that is being
     *     written
     */
    static <R> R run(Supplier<R> work) {
        try {
            return work.get();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof ClosedByInterruptException) {
                throw new CancelledException();
            }
            throw e;
        }
    }
}

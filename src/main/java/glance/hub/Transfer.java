package glance.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How content travels.
 *
 * @param pieceBytes asked for at once; as much is lost when the process is killed, and held in
 *     memory, for each connection
 * @param connections open at the same time
 * @param firstWaitMillis before a request is tried again; doubled with each failure
 * @param silenceMillis without a byte after which a connection counts as broken
 * @param disk says how much a folder can take
 */
record Transfer(
        int pieceBytes, int connections, long firstWaitMillis, long silenceMillis, Disk disk) {
    /** Failures in a row, with nothing received between them, after which a request is given up. */
    static final int MAX_FAILURES = 6;

    static final Transfer USUAL =
            new Transfer(
                    8 << 20,
                    8,
                    1_000,
                    30_000,
                    folder -> Files.getFileStore(folder).getUsableSpace());

    /** A disk, or what stands for one. */
    @FunctionalInterface
    interface Disk {
        long freeBytes(Path folder) throws IOException;
    }
}

package glance.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Takes the JVM's line about the vector module out of a stream and passes on all else unchanged and
 * at once. The JVM prints it while it boots, so after the first match nothing is looked at any
 * more.
 */
final class IncubatorNotice {
    private static final byte[] NOTICE =
            ("WARNING: Using incubator modules: " + Relaunch.VECTOR_MODULE)
                    .getBytes(StandardCharsets.US_ASCII);
    private static final int BUFFER_BYTES = 8192;
    private static final int NO_LINE_START = -1;

    private final OutputStream to;
    private int matched; // bytes of the notice held back; NO_LINE_START within another line
    private boolean carriageReturn;
    private boolean removed;

    private IncubatorNotice(OutputStream to) {
        this.to = to;
    }

    /** Copies until the end of {@code from}. */
    static void copyWithout(InputStream from, OutputStream to) throws IOException {
        IncubatorNotice filter = new IncubatorNotice(to);
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
            filter.accept(buffer, n);
            to.flush();
        }
        filter.release();
        to.flush();
    }

    private void accept(byte[] bytes, int length) throws IOException {
        int i = 0;
        while (i < length && !removed) {
            accept(bytes[i++]);
        }
        to.write(bytes, i, length - i);
    }

    private void accept(byte next) throws IOException {
        if (matched == NOTICE.length && next == '\r' && !carriageReturn) {
            carriageReturn = true;
        } else if (matched == NOTICE.length && next == '\n') {
            removed = true;
        } else if (matched >= 0 && matched < NOTICE.length && next == NOTICE[matched]) {
            matched++;
        } else {
            release();
            to.write(next);
            matched = next == '\n' ? 0 : NO_LINE_START;
        }
    }

    /** Writes what was held back in the hope of a match. */
    private void release() throws IOException {
        if (!removed && matched > 0) {
            to.write(NOTICE, 0, matched);
            if (carriageReturn) {
                to.write('\r');
            }
        }
        matched = NO_LINE_START;
        carriageReturn = false;
    }
}

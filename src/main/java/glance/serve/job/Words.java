package glance.serve.job;

import glance.api.DeviceException;
import glance.api.FormatException;
import glance.api.RequestException;
import glance.text.PrintableText;
import java.io.UncheckedIOException;

/** What is said of a failure. */
public final class Words {
    private Words() {}

    /** Whether the client is at fault, and can mend it. */
    public static boolean isOfRequest(Throwable e) {
        return e instanceof RequestException
                || e instanceof DeviceException device && device.isOutOfMemory();
    }

    /** One line about it. */
    public static String of(Throwable e) {
        if (e instanceof OutOfMemoryError) {
            return "out of memory; use a smaller size or fewer pictures, or start the server with a"
                    + " larger -Xmx";
        }
        boolean worded =
                e instanceof RequestException
                        || e instanceof FormatException
                        || e instanceof DeviceException
                        || e instanceof UncheckedIOException;
        return PrintableText.line(
                worded && e.getMessage() != null ? e.getMessage() : "bug in the engine: " + e);
    }
}

package glance.hub;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/**
 * What a server answered, without the content.
 *
 * @param uri who answered, after redirects
 */
record Reply(URI uri, int status, HttpHeaders headers) {
    private static final int TIMEOUT = 408;
    private static final int BUSY = 429;

    boolean isOk() {
        return status == 200 || status == 206;
    }

    boolean isRedirect() {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    /** Whether the same request may succeed later. */
    boolean isForLater() {
        return status == TIMEOUT || status == BUSY || status >= 500;
    }

    /** A header, or an empty text. */
    String header(String name) {
        return headers.firstValue(name).orElse("");
    }

    /** How long the server wants to be left alone, in milliseconds; 0 if it does not say. */
    long retryAfterMillis() {
        String text = header("Retry-After").strip();
        if (text.matches("\\d{1,9}")) {
            return 1_000L * Integer.parseInt(text);
        }
        try {
            ZonedDateTime when = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
            return Math.max(0, Duration.between(ZonedDateTime.now(), when).toMillis());
        } catch (DateTimeParseException e) {
            return 0;
        }
    }
}

package glance.hub;

import java.io.IOException;

/** The hub's answer is no, or cannot be trusted: trying again would not help. One line. */
final class HubException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean unreachable;

    HubException(String message) {
        this(message, null);
    }

    HubException(String message, Throwable cause) {
        this(message, cause, false);
    }

    /**
     * @param unreachable whether there was no answer at all
     */
    HubException(String message, Throwable cause, boolean unreachable) {
        super(message, cause);
        this.unreachable = unreachable;
    }

    boolean isUnreachable() {
        return unreachable;
    }
}

package glance.api;

/** What was asked for makes no sense, or does not fit the model; the message names the value. */
public final class RequestException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** With a message that says what was expected and what was given. */
    public RequestException(String message) {
        this(message, null);
    }

    /** As above, with the exception that revealed it. */
    public RequestException(String message, Throwable cause) {
        super(message, cause);
    }
}

package glance.cli.common;

/** The arguments make no sense together; found after parsing. The message is for the user. */
public final class WrongUseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WrongUseException(String message) {
        super(message);
    }
}

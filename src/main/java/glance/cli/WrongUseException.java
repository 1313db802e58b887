package glance.cli;

/** The arguments make no sense together; found after parsing. The message is for the user. */
final class WrongUseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WrongUseException(String message) {
        super(message);
    }
}

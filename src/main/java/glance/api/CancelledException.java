package glance.api;

/** The caller ended the work before its end. */
public final class CancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With nothing more to say. */
    public CancelledException() {
        this("cancelled");
    }

    /** With what was done by then. */
    public CancelledException(String message) {
        super(message);
    }
}

package glance.backend.cuda;

/** While a graph is captured, the reserve has no block of a size, and the driver gives none. */
final class CaptureMiss extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long bytes;

    CaptureMiss(long bytes) {
        super("lacks a block of " + bytes + " bytes");
        this.bytes = bytes;
    }

    /** What was asked for. */
    long bytes() {
        return bytes;
    }
}

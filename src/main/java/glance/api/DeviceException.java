package glance.api;

/** A device cannot be opened or failed; the message says which, why, and what to do. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean outOfMemory;

    public DeviceException(String message) {
        this(message, null);
    }

    public DeviceException(String message, Throwable cause) {
        this(message, cause, false);
    }

    private DeviceException(String message, Throwable cause, boolean outOfMemory) {
        super(message, cause);
        this.outOfMemory = outOfMemory;
    }

    /**
     * The device has no room for a tensor; what it holds is as before.
     *
     * @param cause may be null
     */
    public static DeviceException outOfMemory(String message, Throwable cause) {
        return new DeviceException(message, cause, true);
    }

    /** Whether the work may succeed when memory was freed. */
    public boolean isOutOfMemory() {
        return outOfMemory;
    }
}

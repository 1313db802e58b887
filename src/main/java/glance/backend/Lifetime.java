package glance.backend;

/** Whether a device is open. Its parts ask before they touch what goes with it. */
public final class Lifetime {
    private final String device;
    private volatile boolean closed;

    /**
     * @param device how messages name it
     */
    public Lifetime(String device) {
        this.device = device;
    }

    /**
     * @throws IllegalStateException if the device is closed
     */
    public void requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    device
                            + " is closed: nothing runs on it and nothing can be read from it any"
                            + " more; open a new one with Devices.open");
        }
    }

    /** Whether {@link #end} was called. */
    public boolean isOver() {
        return closed;
    }

    /**
     * Ends it.
     *
     * @return whether it was open until now
     */
    public boolean end() {
        boolean first = !closed;
        closed = true;
        return first;
    }
}

package glance.backend;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import java.util.List;

/**
 * Finds and opens the devices of one kind; registered as a {@link java.util.ServiceLoader} service.
 */
public interface DeviceProvider {
    /** The kind, as in {@code --device KIND[:INDEX]}. */
    String kind();

    /** Rank among kinds when the user does not choose; the usable device of highest rank wins. */
    int preference();

    /**
     * Every device of this kind, also those that cannot be used, with the cause. Must not throw.
     */
    List<DeviceInfo> list();

    /**
     * Every library that could take the place of our kernels, also those that cannot be used, with
     * the cause. Must not throw.
     */
    default List<LibraryInfo> libraries() {
        return List.of();
    }

    /**
     * Makes what a device needs for its first work, ahead of {@link #open}. May take a second: call
     * it on a thread of its own.
     */
    default void warmUp() {}

    /**
     * Opens a device.
     *
     * @throws DeviceException if it cannot be used, with the cause
     */
    Device open(int index, DeviceOptions options);
}

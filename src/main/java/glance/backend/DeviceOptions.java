package glance.backend;

import glance.tensor.DType;

/**
 * What a user may choose when a device is opened.
 *
 * @param threads worker threads of the CPU device; 0 for one per core
 * @param computeType dtype of activations; null for the device's default
 */
public record DeviceOptions(int threads, DType computeType) {
    /** The device's own choice of everything. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, null);
    }
}

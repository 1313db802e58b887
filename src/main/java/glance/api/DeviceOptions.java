package glance.api;

import java.util.Set;

/**
 * What a user may choose when a device is opened.
 *
 * @param threads worker threads of the CPU device; 0 for one per core
 * @param precision of activations; null for the device's default
 * @param libraries what may take the place of our own kernels; empty for our kernels alone
 */
public record DeviceOptions(int threads, Precision precision, Set<MathLibrary> libraries) {
    public DeviceOptions {
        libraries = Set.copyOf(libraries);
    }

    /** With our own kernels alone. */
    public DeviceOptions(int threads, Precision precision) {
        this(threads, precision, Set.of());
    }

    /** The device's own choice of everything. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, null);
    }
}

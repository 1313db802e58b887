package glance.api;

import java.util.Map;

/**
 * What a user may choose when a device is opened.
 *
 * @param threads worker threads of the CPU device; 0 for one per core
 * @param precision of activations; null for the device's default
 * @param variants for some operations, such as {@code linear}, the variant that computes them
 *     wherever it can, such as {@code mma} or {@code cublas}; empty for the device's own choice
 * @param memoryBytes most memory of the device that may be used; 0 for what is free when it is
 *     opened
 */
public record DeviceOptions(
        int threads, Precision precision, Map<String, String> variants, long memoryBytes) {
    public DeviceOptions {
        variants = Map.copyOf(variants);
    }

    /** With all of the memory that is free. */
    public DeviceOptions(int threads, Precision precision, Map<String, String> variants) {
        this(threads, precision, variants, 0);
    }

    /** With the device's own choice of variants. */
    public DeviceOptions(int threads, Precision precision) {
        this(threads, precision, Map.of());
    }

    /** The device's own choice of everything. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, null);
    }

    /** The same with one variant, and the device's own choice of the others. */
    public DeviceOptions variant(String operation, String name) {
        return new DeviceOptions(threads, precision, Map.of(operation, name), memoryBytes);
    }

    /** The same with at most so much of the device's memory; 0 for what is free. */
    public DeviceOptions memory(long bytes) {
        return new DeviceOptions(threads, precision, variants, bytes);
    }

    /** The memory that may be used of so much. */
    public long memoryOf(long bytes) {
        return memoryBytes == 0 ? bytes : Math.min(memoryBytes, bytes);
    }
}

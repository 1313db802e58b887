package glance.api;

/**
 * A device as a person would want to see it.
 *
 * @param id what {@code --device} takes: {@code cpu}, {@code cuda:0}
 * @param description name, cores or compute capability, instruction set or driver
 * @param memoryBytes memory of the device; of an open GPU, what of it may be used
 * @param problem why it cannot be used, or null if it can
 */
public record DeviceInfo(String id, String description, long memoryBytes, String problem) {}

package glance.ops.parity;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.Devices;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A device under test. Every registered device is several: the CPU with different numbers of
 * threads, others with different compute types.
 *
 * @param id what {@link Devices#open} takes
 * @param options how to open it
 * @param problem why it cannot be used here, or null
 */
public record TestDevice(String id, DeviceOptions options, String problem) {
    /** The CPU device with a number of threads. */
    public static TestDevice cpu(int threads) {
        return new TestDevice("cpu", new DeviceOptions(threads, null), null);
    }

    /** Every device of this machine, usable or not. */
    public static List<TestDevice> all() {
        return Devices.list().stream().flatMap(TestDevice::variants).toList();
    }

    private static Stream<TestDevice> variants(DeviceInfo info) {
        return info.id().equals("cpu")
                ? Stream.of(cpu(1), cpu(3))
                : Stream.of(Precision.values())
                        .map(type -> new DeviceOptions(0, type))
                        .map(options -> new TestDevice(info.id(), options, info.problem()));
    }

    /** The same with a variant of an operation. */
    public TestDevice with(String operation, String variant) {
        return new TestDevice(id, options.variant(operation, variant), problem);
    }

    /** Opens the device; the caller closes it. */
    public Device open() {
        return Devices.open(id, options);
    }

    /** Whether the device must run every operation. */
    public boolean isReference() {
        return id.equals("cpu");
    }

    @Override
    public String toString() {
        String type = options.precision() == null ? "" : " in " + options.precision();
        return id
                + type
                + (options.threads() == 0 ? "" : " with " + options.threads() + " threads")
                + options.variants().entrySet().stream()
                        .map(chosen -> " with " + chosen.getKey() + "=" + chosen.getValue())
                        .collect(Collectors.joining());
    }
}

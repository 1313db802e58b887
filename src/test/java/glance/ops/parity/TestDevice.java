package glance.ops.parity;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.MathLibrary;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.Devices;
import glance.backend.LibraryInfo;
import java.util.List;
import java.util.Objects;
import java.util.Set;
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

    /** Every device that could have the library, with it, usable or not. */
    public static List<TestDevice> with(MathLibrary library) {
        return Devices.list().stream()
                .filter(info -> !info.id().equals("cpu"))
                .flatMap(info -> with(library, info))
                .toList();
    }

    private static Stream<TestDevice> with(MathLibrary library, DeviceInfo info) {
        String missing =
                Devices.libraries().stream()
                        .filter(found -> found.library() == library)
                        .filter(found -> info.id().matches(found.kind() + "(:.*)?"))
                        .map(LibraryInfo::problem)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null);
        return Stream.of(Precision.values())
                .map(type -> new DeviceOptions(0, type, Set.of(library)))
                .map(
                        options ->
                                new TestDevice(
                                        info.id(),
                                        options,
                                        info.problem() == null ? missing : info.problem()));
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
                + options.libraries().stream()
                        .map(library -> " with " + library.title())
                        .collect(Collectors.joining());
    }
}

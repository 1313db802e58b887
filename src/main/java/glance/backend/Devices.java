package glance.backend;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/** Chooses among the devices of all registered kinds. */
public final class Devices {
    private Devices() {}

    /** Every device found, usable or not, best kind first. */
    public static List<DeviceInfo> list() {
        return providers().stream().flatMap(provider -> provider.list().stream()).toList();
    }

    /** Every library that a device could use in place of our kernels, usable or not. */
    public static List<LibraryInfo> libraries() {
        return providers().stream().flatMap(provider -> provider.libraries().stream()).toList();
    }

    /** Lets the devices of one kind prepare for their first work; does not wait for them. */
    public static void warmUp(String kind) {
        Thread thread = new Thread(() -> warmUpNow(kind), "warm-up");
        thread.setDaemon(true);
        // What is wrong here, a heap that is too small say, shows when the device is used.
        thread.setUncaughtExceptionHandler(
                (failed, e) -> LoggerFactory.getLogger(Devices.class).debug("warming up", e));
        thread.start();
    }

    private static void warmUpNow(String kind) {
        // Not providers(): that would load all of them before the first warms up.
        for (DeviceProvider provider : ServiceLoader.load(DeviceProvider.class)) {
            if (provider.kind().equals(kind)) {
                provider.warmUp();
                return;
            }
        }
    }

    /**
     * Opens a device by name.
     *
     * @param name {@code auto} for the best usable one, or {@code KIND} or {@code KIND:INDEX}
     * @throws DeviceException if there is no such device, or it cannot be used
     */
    public static Device open(String name, DeviceOptions options) {
        if (name.equals("auto")) {
            for (DeviceProvider provider : providers()) {
                List<DeviceInfo> found = provider.list();
                for (int i = 0; i < found.size(); i++) {
                    if (found.get(i).problem() == null) {
                        return provider.open(i, options);
                    }
                }
            }
            throw new DeviceException("no usable device");
        }
        String kind = name.contains(":") ? name.substring(0, name.indexOf(':')) : name;
        int index = index(name);
        for (DeviceProvider provider : providers()) {
            if (provider.kind().equals(kind)) {
                return provider.open(index, options);
            }
        }
        String kinds =
                providers().stream().map(DeviceProvider::kind).collect(Collectors.joining(", "));
        throw new DeviceException(
                "unknown device '"
                        + name
                        + "': expected auto or one of "
                        + kinds
                        + ", with :INDEX if wanted");
    }

    private static int index(String name) {
        if (!name.contains(":")) {
            return 0;
        }
        String digits = name.substring(name.indexOf(':') + 1);
        try {
            int index = Integer.parseInt(digits);
            if (index >= 0) {
                return index;
            }
        } catch (NumberFormatException e) {
            // the same complaint as for a negative number
        }
        throw new DeviceException(
                "device '"
                        + name
                        + "': expected an index such as 0 after ':', got '"
                        + digits
                        + "'");
    }

    private static List<DeviceProvider> providers() {
        return ServiceLoader.load(DeviceProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(DeviceProvider::preference).reversed())
                .toList();
    }
}

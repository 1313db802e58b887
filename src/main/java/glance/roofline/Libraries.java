package glance.roofline;

import glance.api.DeviceException;
import glance.api.DeviceOptions;
import glance.api.MathLibrary;
import glance.backend.Device;
import glance.backend.Devices;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * The same device again, once with each library of its maker in the place of our kernels, for
 * comparison; or the cause why not.
 */
public final class Libraries implements AutoCloseable {
    private final Map<MathLibrary, Device> devices = new EnumMap<>(MathLibrary.class);
    private final Map<MathLibrary, String> problems = new EnumMap<>(MathLibrary.class);

    private Libraries() {}

    /** Opens what can be opened. */
    public static Libraries open(String device, DeviceOptions options) {
        Libraries libraries = new Libraries();
        for (MathLibrary library : MathLibrary.values()) {
            try {
                DeviceOptions with =
                        new DeviceOptions(options.threads(), options.precision(), Set.of(library));
                libraries.devices.put(library, Devices.open(device, with));
            } catch (DeviceException e) {
                libraries.problems.put(library, e.getMessage());
            }
        }
        return libraries;
    }

    /** The device with a library, or null. */
    Device device(MathLibrary library) {
        return devices.get(library);
    }

    /** Why a library is not there. */
    public Map<MathLibrary, String> problems() {
        return problems;
    }

    @Override
    public void close() {
        devices.values().forEach(Device::close);
    }
}

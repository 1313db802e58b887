package glance.ops.parity;

import glance.backend.Device;
import java.util.HashMap;
import java.util.Map;

/** Devices that several tests share; each is opened when first asked for. */
public final class OpenDevices implements AutoCloseable {
    private final Map<TestDevice, Device> open = new HashMap<>();

    /** The open device. */
    public Device open(TestDevice device) {
        return open.computeIfAbsent(device, TestDevice::open);
    }

    @Override
    public void close() {
        open.values().forEach(Device::close);
        open.clear();
    }
}

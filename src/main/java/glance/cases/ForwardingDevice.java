package glance.cases;

import glance.api.DeviceInfo;
import glance.backend.Device;
import glance.backend.DeviceMemory;
import glance.backend.KernelTable;
import glance.tensor.DType;

/** Another device with kernels of its own, for tests; closes it. */
public class ForwardingDevice implements Device {
    private final Device device;
    private final KernelTable kernels;

    public ForwardingDevice(Device device, KernelTable kernels) {
        this.device = device;
        this.kernels = kernels;
    }

    @Override
    public DeviceInfo info() {
        return device.info();
    }

    @Override
    public final DType computeType() {
        return device.computeType();
    }

    @Override
    public final DeviceMemory memory() {
        return device.memory();
    }

    @Override
    public final KernelTable kernels() {
        return kernels;
    }

    @Override
    public final void synchronize() {
        device.synchronize();
    }

    @Override
    public final void close() {
        device.close();
    }
}

package glance.backend.cpu;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.DeviceProvider;
import java.util.List;

/** Offers the CPU, which is always there. */
public final class CpuProvider implements DeviceProvider {
    @Override
    public String kind() {
        return "cpu";
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public List<DeviceInfo> list() {
        return List.of(CpuDevice.describe(Runtime.getRuntime().availableProcessors()));
    }

    @Override
    public void warmUp() {
        // With one core it would only stand in the way.
        if (VectorSupport.isUsable() && Runtime.getRuntime().availableProcessors() > 1) {
            new WarmUp(Simd.INSTANCE).run();
        }
    }

    @Override
    public Device open(int index, DeviceOptions options) {
        if (index != 0) {
            throw new DeviceException("there is one CPU device, cpu:0; got cpu:" + index);
        }
        if (options.precision() != null && options.precision() != Precision.F32) {
            throw new DeviceException(
                    "the CPU device computes in f32 (weights may have any float dtype), got "
                            + options.precision());
        }
        if (options.threads() < 0) {
            throw new DeviceException("threads must be positive, got " + options.threads());
        }
        if (!options.variants().isEmpty()) {
            throw new DeviceException(
                    "the CPU device has one way to compute each operation; --variant needs a GPU"
                            + " (--device cuda)");
        }
        int cores = Runtime.getRuntime().availableProcessors();
        return new CpuDevice(
                options.threads() == 0 ? cores : options.threads(), options.memoryBytes());
    }
}

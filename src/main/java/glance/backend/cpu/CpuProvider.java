package glance.backend.cpu;

import glance.api.DeviceException;
import glance.backend.Device;
import glance.backend.DeviceInfo;
import glance.backend.DeviceOptions;
import glance.backend.DeviceProvider;
import glance.tensor.DType;
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
    public Device open(int index, DeviceOptions options) {
        if (index != 0) {
            throw new DeviceException("there is one CPU device, cpu:0; got cpu:" + index);
        }
        if (options.computeType() != null && options.computeType() != DType.F32) {
            throw new DeviceException(
                    "the CPU device computes in f32 (weights may have any float dtype), got "
                            + options.computeType());
        }
        if (options.threads() < 0) {
            throw new DeviceException("threads must be positive, got " + options.threads());
        }
        options.requireNoLibraries("the CPU device");
        int cores = Runtime.getRuntime().availableProcessors();
        return new CpuDevice(options.threads() == 0 ? cores : options.threads());
    }
}

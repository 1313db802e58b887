package glance.backend.cuda;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.DeviceProvider;
import glance.backend.cuda.driver.EmulatedDriver;
import java.util.List;

/**
 * Offers the CUDA device on an emulated driver, for tests of kernels without a GPU. It is never
 * chosen by itself, and listed only if the system property {@value #LISTED} is true.
 */
public final class EmulatedCudaProvider implements DeviceProvider {
    private static final String LISTED = "glance.cuda.emulated";

    @Override
    public String kind() {
        return "cuda-emulated";
    }

    @Override
    public int preference() {
        return -1; // below the CPU
    }

    @Override
    public List<DeviceInfo> list() {
        return Boolean.getBoolean(LISTED) ? List.of(info()) : List.of();
    }

    private DeviceInfo info() {
        return new DeviceInfo(
                kind(),
                "CUDA kernels emulated on the CPU, for tests",
                EmulatedDriver.describe().memoryBytes(),
                EmulatedDriver.problem());
    }

    @Override
    public Device open(int index, DeviceOptions options) {
        if (index != 0) {
            throw new DeviceException("there is one emulated CUDA device; got index " + index);
        }
        EmulatedDriver driver = new EmulatedDriver();
        return new CudaDevice(CudaProvider.usable(info(), driver, options), driver, options);
    }
}

package glance.backend.cuda;

import glance.api.DeviceException;
import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.DeviceProvider;
import glance.backend.LibraryInfo;
import glance.backend.MathLibrary;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Drivers;
import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.NvidiaLibraries;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Offers the NVIDIA GPUs of the machine. */
public final class CudaProvider implements DeviceProvider {
    /** The oldest GPUs whose instructions the kernels use (cp.async, bf16 tensor cores). */
    private static final int LEAST_COMPUTE_CAPABILITY = 80;

    /**
     * The device on a driver from outside, which it closes: to measure what the host does alone.
     */
    public static Device on(DeviceInfo info, Driver driver, DeviceOptions options) {
        return new CudaDevice(info, driver, options);
    }

    @Override
    public String kind() {
        return "cuda";
    }

    @Override
    public int preference() {
        return 10; // above the CPU
    }

    @Override
    public List<DeviceInfo> list() {
        if (Drivers.problem() != null) {
            return List.of(new DeviceInfo("cuda", "NVIDIA GPU", 0, Drivers.problem()));
        }
        return IntStream.range(0, Drivers.gpus().size()).mapToObj(CudaProvider::info).toList();
    }

    private static DeviceInfo info(int index) {
        Gpu gpu = Drivers.gpus().get(index);
        String description =
                String.format(
                        "%s, compute capability %d.%d, driver for CUDA %d.%d",
                        gpu.name(),
                        gpu.computeCapability() / 10,
                        gpu.computeCapability() % 10,
                        gpu.driverVersion() / 1000,
                        gpu.driverVersion() % 1000 / 10);
        String problem =
                gpu.computeCapability() >= LEAST_COMPUTE_CAPABILITY
                        ? null
                        : "needs compute capability 8.0 or newer";
        return new DeviceInfo("cuda:" + index, description, gpu.memoryBytes(), problem);
    }

    @Override
    public List<LibraryInfo> libraries() {
        return Stream.of(MathLibrary.values())
                .map(each -> new LibraryInfo(each, kind(), NvidiaLibraries.problem(each)))
                .toList();
    }

    @Override
    public Device open(int index, DeviceOptions options) {
        if (Drivers.problem() != null) {
            throw new DeviceException("cuda:" + index + ": " + Drivers.problem());
        }
        int count = Drivers.gpus().size();
        if (index >= count) {
            throw new DeviceException(
                    "cuda:"
                            + index
                            + ": there are "
                            + count
                            + " GPUs, the last is cuda:"
                            + (count - 1));
        }
        DeviceInfo info = info(index);
        if (info.problem() != null) {
            throw new DeviceException(
                    info.id() + " (" + info.description() + ") " + info.problem());
        }
        Driver driver = Drivers.open(index);
        return new CudaDevice(usable(info, driver, options), driver, options);
    }

    /** The same with the memory that may be used: others may have taken some. */
    static DeviceInfo usable(DeviceInfo info, Driver driver, DeviceOptions options) {
        return new DeviceInfo(
                info.id(),
                info.description(),
                options.memoryOf(driver.freeBytes()),
                info.problem());
    }
}

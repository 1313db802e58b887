package glance.backend.cuda;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.backend.cuda.driver.Gpu;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * The emulated GPU as one of compute capability 8.9, for what Hopper computes with other kernels.
 */
public final class EmulatedAda {
    private EmulatedAda() {}

    /** Opens it; the caller closes it. */
    public static Device open(DeviceOptions options) {
        return new CudaDevice(
                new DeviceInfo("cuda-emulated", "emulated, 8.9", 0, null),
                of(new EmulatedDriver()),
                options);
    }

    private static Driver of(Driver inner) {
        Gpu gpu = inner.gpu();
        Gpu ada =
                new Gpu(
                        gpu.name(),
                        89,
                        gpu.multiprocessors(),
                        gpu.memoryBytes(),
                        gpu.sharedBytes(),
                        gpu.driverVersion());
        return (Driver)
                Proxy.newProxyInstance(
                        Driver.class.getClassLoader(),
                        new Class<?>[] {Driver.class},
                        (proxy, method, arguments) -> {
                            try {
                                return method.getReturnType() == Gpu.class
                                        ? ada
                                        : method.invoke(inner, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}

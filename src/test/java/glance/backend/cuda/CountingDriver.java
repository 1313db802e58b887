package glance.backend.cuda;

import glance.api.DeviceException;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.Gpu;
import glance.backend.cuda.driver.Launch;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts the calls of a driver that cost something on a GPU. */
final class CountingDriver {
    /** Does nothing on a GPU. */
    private static final String RENEW = "renew";

    private final Driver driver;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Map<String, Integer> kernels = new TreeMap<>();

    /**
     * Wraps a driver.
     *
     * @param refused names of methods that throw what a GPU's driver throws
     */
    CountingDriver(Driver inner, Set<String> refused) {
        driver =
                (Driver)
                        Proxy.newProxyInstance(
                                Driver.class.getClassLoader(),
                                new Class<?>[] {Driver.class},
                                (proxy, method, arguments) -> {
                                    String name = method.getName();
                                    if (refused.contains(name)) {
                                        if (name.equals("endCapture")) {
                                            inner.endCapture(0); // it ends all the same
                                        }
                                        throw new DeviceException(name + " refused");
                                    }
                                    if (method.getReturnType() != Gpu.class
                                            && !name.equals(RENEW)) {
                                        counts.merge(name, 1, Integer::sum);
                                    }
                                    if (name.equals("launch")) {
                                        String kernel = ((Launch) arguments[0]).function().name();
                                        kernels.merge(kernel, 1, Integer::sum);
                                    }
                                    try {
                                        return method.invoke(inner, arguments);
                                    } catch (InvocationTargetException e) {
                                        throw e.getCause();
                                    }
                                });
    }

    Driver driver() {
        return driver;
    }

    /** Kernels launched since this was asked last. */
    Set<String> takeKernels() {
        return takeLaunches().keySet();
    }

    /** How often each was launched since this was asked last. */
    Map<String, Integer> takeLaunches() {
        Map<String, Integer> result = new TreeMap<>(kernels);
        kernels.clear();
        return result;
    }

    /** Calls since this was asked last, by method. */
    Map<String, Integer> take() {
        Map<String, Integer> result = new TreeMap<>(counts);
        counts.clear();
        return result;
    }
}

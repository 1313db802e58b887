package glance.backend.cuda.driver;

import glance.api.DeviceException;
import glance.io.NativeLibraries;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds GPUs, and says why there are none. */
public final class Drivers {
    private static final Logger LOG = LoggerFactory.getLogger(Drivers.class);

    /** What the kernel module of the driver puts into /dev, also inside of containers and WSL. */
    private static final List<Path> DEVICE_FILES =
            List.of(Paths.get("/dev/nvidiactl"), Paths.get("/dev/dxg"));

    /** CUDA 12.0, whose PTX the kernels are there in. */
    private static final int LEAST_DRIVER_VERSION = 12_000;

    private static Search found;

    private Drivers() {}

    /** The outcome of looking for GPUs. */
    record Search(List<Gpu> gpus, String problem) {}

    /** The GPUs of this machine, in the driver's order; empty if there is a {@link #problem()}. */
    public static List<Gpu> gpus() {
        return search().gpus;
    }

    /** Why no GPU can be used, or null if one can. */
    public static String problem() {
        return search().problem;
    }

    /** Opens a GPU. */
    public static Driver open(int index) {
        return new NvidiaDriver(index);
    }

    private static synchronized Search search() {
        if (found == null) {
            found = look();
            if (found.problem != null && isThere()) {
                LOG.warn("the NVIDIA GPU of this machine is not used: {}", found.problem);
            }
        }
        return found;
    }

    private static Search look() {
        String machine = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!machine.equals("Linux amd64")) {
            return none("CUDA is supported on Linux x86-64, this is " + machine);
        }
        // looked for first, because loading JCuda unpacks libraries to disk
        if (!isThere()) {
            return none("no NVIDIA GPU or driver found (there is no " + DEVICE_FILES.get(0) + ")");
        }
        return ask();
    }

    private static boolean isThere() {
        return DEVICE_FILES.stream().anyMatch(Files::exists);
    }

    /** Asks the driver. */
    static Search ask() {
        try {
            int count = NvidiaGpus.count();
            int version = NvidiaGpus.driverVersion();
            if (version < LEAST_DRIVER_VERSION) {
                return none(
                        String.format(
                                "the NVIDIA driver is for CUDA %d.%d, the kernels need one for CUDA"
                                        + " 12.0 or newer (525 or newer); update the driver",
                                version / 1000, version % 1000 / 10));
            }
            List<Gpu> gpus = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                gpus.add(NvidiaGpus.describe(i));
            }
            return gpus.isEmpty() ? none("the driver shows no GPU") : new Search(gpus, null);
        } catch (LinkageError e) {
            return none("the NVIDIA driver cannot be loaded: " + NativeLibraries.reason(e, null));
        } catch (UncheckedIOException | DeviceException e) {
            return none(e.getMessage());
        }
    }

    private static Search none(String problem) {
        return new Search(List.of(), problem);
    }
}

package glance.backend.cuda.driver;

import glance.backend.DeviceException;
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

    private static Search found;

    private Drivers() {}

    /** The outcome of looking for GPUs. */
    private record Search(List<Gpu> gpus, String problem) {}

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
            if (found.problem != null) {
                LOG.debug("no CUDA device: {}", found.problem);
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
        if (DEVICE_FILES.stream().noneMatch(Files::exists)) {
            return none("no NVIDIA GPU or driver found (there is no " + DEVICE_FILES.get(0) + ")");
        }
        try {
            List<Gpu> gpus = new ArrayList<>();
            for (int i = 0; i < NvidiaGpus.count(); i++) {
                gpus.add(NvidiaGpus.describe(i));
            }
            return gpus.isEmpty() ? none("the driver shows no GPU") : new Search(gpus, null);
        } catch (LinkageError e) {
            return none("the NVIDIA driver cannot be loaded: " + firstLine(e));
        } catch (DeviceException e) {
            return none(e.getMessage());
        }
    }

    private static Search none(String problem) {
        return new Search(List.of(), problem);
    }

    private static String firstLine(LinkageError e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}

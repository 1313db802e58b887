package glance.backend;

import glance.api.DeviceException;
import glance.tensor.DType;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a user may choose when a device is opened.
 *
 * @param threads worker threads of the CPU device; 0 for one per core
 * @param computeType dtype of activations; null for the device's default
 * @param libraries what may take the place of our own kernels; empty for our kernels alone
 */
public record DeviceOptions(int threads, DType computeType, Set<MathLibrary> libraries) {
    public DeviceOptions {
        libraries = Set.copyOf(libraries);
    }

    /** With our own kernels alone. */
    public DeviceOptions(int threads, DType computeType) {
        this(threads, computeType, Set.of());
    }

    /** The device's own choice of everything. */
    public static DeviceOptions defaults() {
        return new DeviceOptions(0, null);
    }

    /**
     * For a device that has our own kernels alone.
     *
     * @throws DeviceException if a library was asked for
     */
    public void requireNoLibraries(String device) {
        if (!libraries.isEmpty()) {
            String titles =
                    libraries.stream()
                            .sorted()
                            .map(MathLibrary::title)
                            .collect(Collectors.joining(" and no "));
            throw new DeviceException(
                    device + " has no " + titles + "; --libraries needs a GPU (--device cuda)");
        }
    }
}

package glance.roofline;

import glance.api.DeviceException;
import glance.api.DeviceOptions;
import glance.backend.Device;
import glance.backend.MathLibrary;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The variants of operations that race: the same device again, once with each of them. Libraries
 * race wherever they can be used.
 */
public final class Rivals implements AutoCloseable {
    private final Map<String, List<String>> named;
    private final Map<String, Device> devices = new HashMap<>();
    private final Map<MathLibrary, String> problems = new EnumMap<>(MathLibrary.class);

    private Rivals(Map<String, List<String>> named) {
        this.named = new HashMap<>(named); // may be asked for null
    }

    /**
     * Opens the device with each of them.
     *
     * @param open opens the device
     * @param options without variants
     * @param named variants by operation, in the order of the report; none for the device's own
     *     choice
     * @throws DeviceException if one that is named cannot be used
     */
    public static Rivals open(
            Function<DeviceOptions, Device> open,
            DeviceOptions options,
            Map<String, List<String>> named) {
        Rivals rivals = new Rivals(named);
        try {
            named.forEach(
                    (operation, names) ->
                            names.forEach(name -> rivals.add(open, options, operation, name)));
        } catch (RuntimeException e) {
            rivals.close();
            throw e;
        }
        for (MathLibrary library : MathLibrary.values()) {
            try {
                rivals.add(open, options, library.operation(), library.variant());
            } catch (DeviceException e) {
                rivals.problems.put(library, e.getMessage());
            }
        }
        return rivals;
    }

    private void add(
            Function<DeviceOptions, Device> open,
            DeviceOptions options,
            String operation,
            String variant) {
        String key = key(operation, variant);
        if (!devices.containsKey(key)) {
            devices.put(key, open.apply(options.variant(operation, variant)));
        }
    }

    private static String key(String operation, String variant) {
        return operation + "=" + variant;
    }

    /** The device with a variant, or null. */
    Device device(String operation, String variant) {
        return devices.get(key(operation, variant));
    }

    /** Whether variants of an operation were named. */
    boolean areNamed(String operation) {
        return named.containsKey(operation);
    }

    /** What races for a case: what was named, or else nothing; then libraries. */
    List<String> of(KernelCase kernel) {
        List<String> variants = new ArrayList<>(named.getOrDefault(kernel.operation(), List.of()));
        for (MathLibrary library : MathLibrary.values()) {
            boolean races =
                    library.operation().equals(kernel.operation())
                            && (!variants.isEmpty() || library.variant().equals(kernel.beside()));
            if (races && !variants.contains(library.variant()) && !problems.containsKey(library)) {
                variants.add(library.variant());
            }
        }
        return variants;
    }

    /** Why a library is not there. */
    public Map<MathLibrary, String> problems() {
        return problems;
    }

    @Override
    public void close() {
        devices.values().forEach(Device::close);
    }
}

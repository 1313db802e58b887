package glance.cli;

import glance.api.DeviceOptions;
import glance.api.MathLibrary;
import glance.api.Precision;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The options that choose where and how to compute, common to several commands. */
final class DeviceOption {
    /** More than any machine has cores. */
    private static final int MAX_THREADS = 4096;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description = "auto, or as listed by the command devices. Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the CPU device. Default: one for each core.")
    private Integer threads;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "Type of activations: f32 or bf16. Default: the device's own.")
    private String dtype;

    @Option(
            names = "--libraries",
            paramLabel = "NAME",
            split = ",",
            description = {
                "What a GPU computes with in place of the engine's own kernels: cublas (products"
                        + " of matrices), cudnn (convolutions), or both with a comma. For"
                        + " comparison; needs CUDA 12 on this machine, see the command devices."
                        + " Default: none, the engine's own kernels."
            })
    private List<String> libraries = List.of();

    /** The device's name, for {@code Devices.open}. */
    String name() {
        return device;
    }

    /**
     * The device's options.
     *
     * @throws WrongUseException if one makes no sense
     */
    DeviceOptions options() {
        if (threads != null && (threads < 1 || threads > MAX_THREADS)) {
            throw new WrongUseException("--threads " + threads + ": must be 1 to " + MAX_THREADS);
        }
        return new DeviceOptions(threads == null ? 0 : threads, precision(), libraries());
    }

    private Set<MathLibrary> libraries() {
        return libraries.stream().map(DeviceOption::library).collect(Collectors.toSet());
    }

    private static MathLibrary library(String name) {
        for (MathLibrary library : MathLibrary.values()) {
            if (library.option().equals(name.strip().toLowerCase(Locale.ROOT))) {
                return library;
            }
        }
        throw new WrongUseException("--libraries " + name + ": expected cublas or cudnn");
    }

    private Precision precision() {
        if (dtype == null) {
            return null;
        }
        return switch (dtype.toLowerCase(Locale.ROOT)) {
            case "f32", "float32" -> Precision.F32;
            case "bf16", "bfloat16" -> Precision.BF16;
            default -> throw new WrongUseException("--dtype " + dtype + ": expected f32 or bf16");
        };
    }
}

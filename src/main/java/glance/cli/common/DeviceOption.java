package glance.cli.common;

import glance.api.DeviceOptions;
import glance.api.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The options that choose where and how to compute, common to several commands. */
public final class DeviceOption {
    /** More than any machine has cores. */
    private static final int MAX_THREADS = 4096;

    private static final Pattern VARIANT =
            Pattern.compile("([a-z0-9_]+)=([A-Za-z0-9_.-]+(?:,[A-Za-z0-9_.-]+)*)");

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
            names = "--memory",
            paramLabel = "SIZE",
            description =
                    "Most memory of the device to use, such as 12GB. Weights of a GPU that have no"
                            + " room in it stay in host memory and stream to the GPU block by block,"
                            + " with the same result. Default: what is free.")
    private String memory;

    @Option(
            names = "--variant",
            paramLabel = "OPERATION=NAME",
            description = {
                "What computes an operation on a GPU wherever it can, such as linear=plain, or a"
                        + " library, linear=cublas or conv2d=cudnn. May be given for several"
                        + " operations; a wrong name shows those there are. Default: what is"
                        + " fastest."
            })
    private List<String> variants = List.of();

    /** The device's name, for {@code Devices.open}. */
    public String name() {
        return device;
    }

    /**
     * The device's options.
     *
     * @throws WrongUseException if one makes no sense
     */
    public DeviceOptions options() {
        Map<String, String> chosen = new LinkedHashMap<>();
        variants()
                .forEach(
                        (operation, names) -> {
                            if (names.size() > 1) {
                                throw new WrongUseException(
                                        "--variant "
                                                + operation
                                                + "="
                                                + String.join(",", names)
                                                + ": only bench kernels races several");
                            }
                            chosen.put(operation, names.get(0));
                        });
        return options(chosen);
    }

    private DeviceOptions options(Map<String, String> chosen) {
        if (threads != null && (threads < 1 || threads > MAX_THREADS)) {
            throw new WrongUseException("--threads " + threads + ": must be 1 to " + MAX_THREADS);
        }
        return new DeviceOptions(threads == null ? 0 : threads, precision(), chosen, memoryBytes());
    }

    /** The same with the device's own choice of variants. */
    public DeviceOptions withoutVariants() {
        return options(Map.of());
    }

    /**
     * The variants named, by operation.
     *
     * @throws WrongUseException if one is malformed
     */
    public Map<String, List<String>> variants() {
        Map<String, List<String>> result = new LinkedHashMap<>();
        for (String text : variants) {
            Matcher parts = VARIANT.matcher(text);
            if (!parts.matches()) {
                throw new WrongUseException(
                        "--variant " + text + ": expected OPERATION=NAME, such as linear=cublas");
            }
            result.computeIfAbsent(parts.group(1), key -> new ArrayList<>())
                    .addAll(List.of(parts.group(2).split(",")));
        }
        return result;
    }

    private long memoryBytes() {
        return memory == null ? 0 : MemorySize.parse("--memory", memory);
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

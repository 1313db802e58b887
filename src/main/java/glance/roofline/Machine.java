package glance.roofline;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where figures were taken.
 *
 * @param cpu model name as Linux gives it, with family, model and stepping, because a virtual
 *     machine's name alone says little; "unknown" elsewhere
 * @param simd the widest of its vector extensions, or "-"
 * @param memoryGigabytes of 10^9 bytes
 */
public record Machine(
        String cpu, int cores, String simd, double memoryGigabytes, String system, String jdk) {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** This machine. */
    public static Machine here() {
        List<String> info = cpuInfo();
        return new Machine(
                cpu(info),
                Runtime.getRuntime().availableProcessors(),
                simd(" " + field(info, "flags") + " "),
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class)
                                .getTotalMemorySize()
                        * 1e-9,
                System.getProperty("os.name")
                        + " "
                        + System.getProperty("os.version")
                        + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vm.name") + " " + Runtime.version());
    }

    private static List<String> cpuInfo() {
        try {
            return Files.readAllLines(CPU_INFO);
        } catch (IOException e) {
            return List.of(); // no Linux
        }
    }

    private static String cpu(List<String> info) {
        if (info.isEmpty()) {
            return "unknown";
        }
        return String.format(
                "%s (family %s, model %s, stepping %s)",
                field(info, "model name"),
                field(info, "cpu family"),
                field(info, "model"),
                field(info, "stepping"));
    }

    private static String simd(String flags) {
        String widest =
                flags.contains(" avx512f ") ? "AVX-512" : flags.contains(" avx2 ") ? "AVX2" : "-";
        return flags.contains(" amx_tile ") ? widest + " + AMX" : widest;
    }

    private static String field(List<String> lines, String name) {
        return lines.stream()
                .map(line -> line.split(":", 2))
                .filter(pair -> pair.length == 2 && pair[0].strip().equals(name))
                .map(pair -> pair[1].strip())
                .findFirst()
                .orElse("unknown");
    }
}

package glance.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where the figures were taken.
 *
 * @param cpu model name as the kernel gives it, with family, model and stepping, because a virtual
 *     machine's name alone says little
 * @param simd the widest of its vector extensions
 */
record Machine(String cpu, int cores, String simd, double memoryGigabytes, String os, String jdk) {
    static Machine here() throws IOException {
        List<String> cpu = Files.readAllLines(Path.of("/proc/cpuinfo"));
        List<String> memory = Files.readAllLines(Path.of("/proc/meminfo"));
        String flags = " " + field(cpu, "flags") + " ";
        String simd =
                flags.contains(" avx512f ") ? "AVX-512" : flags.contains(" avx2 ") ? "AVX2" : "-";
        if (flags.contains(" amx_tile ")) {
            simd += " + AMX";
        }
        String model =
                "%s (family %s, model %s, stepping %s)"
                        .formatted(
                                field(cpu, "model name"),
                                field(cpu, "cpu family"),
                                field(cpu, "model"),
                                field(cpu, "stepping"));
        double kilobytes = Double.parseDouble(field(memory, "MemTotal").replaceAll("\\D", ""));
        return new Machine(
                model,
                Runtime.getRuntime().availableProcessors(),
                simd,
                kilobytes * 1024e-9,
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("java.vm.name") + " " + Runtime.version());
    }

    private static String field(List<String> lines, String name) {
        return lines.stream()
                .filter(
                        line ->
                                line.substring(0, Math.max(0, line.indexOf(':')))
                                        .trim()
                                        .equals(name))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .findFirst()
                .orElse("unknown");
    }
}

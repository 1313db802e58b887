package glance.cli.common;

import glance.api.MemoryStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Most memory that a run took, as every command counts and names it.
 *
 * @param process bytes of the process since its start, or null where the system does not tell
 * @param tensors bytes of activations and other scratch on the device since the last measurement
 *     began; weights not included
 */
public record PeakMemory(Long process, long tensors) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK_KEY = "VmHWM:";

    /** Of this process and a device. */
    public static PeakMemory of(MemoryStats memory) {
        return new PeakMemory(ofProcess(), memory.peakScratchBytes());
    }

    /** {@code peak memory 1.2 GiB, tensors 310.0 MiB}. */
    public String text() {
        return "peak memory "
                + (process == null ? "" : Units.bytes(process) + ", ")
                + "tensors "
                + Units.bytes(tensors);
    }

    /** As Linux counts it, in lines such as {@code VmHWM: 123456 kB}. */
    private static Long ofProcess() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(PEAK_KEY))
                    .map(line -> line.replaceAll("\\D", ""))
                    .map(kilobytes -> Long.parseLong(kilobytes) * 1024)
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }
}

package glance.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Resident memory of a process and all its descendants, from /proc. */
final class ProcessTree {
    private final ProcessHandle root;
    private final Map<Long, Long> peaks = new HashMap<>();
    private long peakSumKilobytes;

    ProcessTree(ProcessHandle root) {
        this.root = root;
    }

    /** Looks once; a process that has ended meanwhile counts for nothing. */
    void look() {
        long sum = 0;
        for (ProcessHandle process : Stream.concat(Stream.of(root), root.descendants()).toList()) {
            Path status = Path.of("/proc", Long.toString(process.pid()), "status");
            try {
                for (String line : Files.readAllLines(status)) {
                    if (line.startsWith("VmHWM:")) {
                        peaks.merge(process.pid(), kilobytes(line), Math::max);
                    } else if (line.startsWith("VmRSS:")) {
                        sum += kilobytes(line);
                    }
                }
            } catch (IOException e) {
                continue; // ended between listing and reading
            }
        }
        peakSumKilobytes = Math.max(peakSumKilobytes, sum);
    }

    /** Largest VmHWM of any process seen, in MB (10^6 bytes): exact up to the last look. */
    double largestMegabytes() {
        return peaks.values().stream().mapToLong(Long::longValue).max().orElse(0) * 1024e-6;
    }

    /** Largest sum of VmRSS seen at one time, in MB; pages that processes share count twice. */
    double totalMegabytes() {
        return peakSumKilobytes * 1024e-6;
    }

    private static long kilobytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}

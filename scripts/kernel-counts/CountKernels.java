import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts the instructions that the hot kernels' main loops issue, from the disassembled machine
 * code, and holds them against the report of the last time.
 *
 * <p>The main loop of a kernel is the loop with the most products on tensor cores. Counted is the
 * shortest way around it that makes all of them, with all loads and copies for them, so that what
 * only tiles at an edge do is left out. A loop inside of it that has products takes two turns; where
 * one has wgmma, the loop around it goes from tile to tile and is not counted.
 * From the counts follow the clocks that an iteration of a block of four warps takes at least on
 * each unit of a multiprocessor: tensor cores, shared memory, special functions, and the schedulers.
 *
 * <p>REPORT RESOURCES HASH FILE.sass... [--check] [--because "KERNEL: REASON"]... See
 * scripts/count-kernels, which disassembles.
 */
public class CountKernels {
    private static final double WORSE = 1.03;

    public static void main(String[] args) throws IOException {
        List<String> files = new ArrayList<>();
        Map<String, String> because = new TreeMap<>();
        boolean check = false;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "--check" -> check = true;
                case "--because" -> {
                    String[] parts = args[++i].split(": ", 2);
                    because.put(parts[0], parts[1]);
                }
                default -> files.add(args[i]);
            }
        }
        Path report = Path.of(files.get(0));
        List<String> faults =
                run(
                        report,
                        Files.readAllLines(Path.of(files.get(1))),
                        files.get(2),
                        files.subList(3, files.size()).stream().map(Path::of).toList(),
                        because,
                        check);
        faults.forEach(System.out::println);
        if (!faults.isEmpty()) {
            System.exit(1);
        }
        System.out.println(report + (check ? ": agrees with the code" : ": written"));
    }

    /**
     * @param hash of the code that was disassembled
     * @param because reasons why a kernel may be slower than its best, by kernel
     * @param check compares instead of writing
     * @return what is wrong, a line each
     */
    public static List<String> run(
            Path report,
            List<String> resources,
            String hash,
            List<Path> disassembled,
            Map<String, String> because,
            boolean check)
            throws IOException {
        List<String> old = Files.exists(report) ? Files.readAllLines(report) : List.of();
        Map<String, String> reasons = Report.reasons(old);
        reasons.putAll(because);
        Map<String, Integer> best = Report.best(old);
        Map<String, String[]> used = Disassembly.used(resources);
        Map<String, Count> counts = new TreeMap<>();
        for (Path file : disassembled) {
            for (Count count : Disassembly.counts(Files.readAllLines(file), used)) {
                counts.put(count.key(), count);
            }
        }
        List<String> faults = new ArrayList<>();
        for (Count count : counts.values()) {
            int known = best.getOrDefault(count.key(), count.slots());
            boolean excused = reasons.containsKey(count.kernel());
            if (count.slots() > known * WORSE && !excused) {
                faults.add(
                        "%s: %d slots an iteration, %d before; say why: scripts/count-kernels --because \"%s: REASON\""
                                .formatted(count.key(), count.slots(), known, count.kernel()));
            }
            if (count.spills() > 0) {
                faults.add(count.key() + ": spills " + count.spills() + " bytes of registers");
            }
        }
        List<String> fresh = Report.text(counts, best, reasons, hash);
        if (check && !fresh.equals(old) && faults.isEmpty()) {
            faults.add(report + ": is not of this code; run scripts/count-kernels");
        }
        if (!check && faults.isEmpty()) {
            Files.write(report, fresh);
        }
        return faults;
    }

}

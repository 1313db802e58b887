import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the instructions that the hot kernels' main loops issue, from the disassembled machine
 * code, and holds them against the report of the last time.
 *
 * <p>The main loop of a kernel is the loop with the most products on tensor cores. Counted is the
 * shortest way around it that makes all of them, with all loads and copies for them, so that what
 * only tiles at an edge do is left out. A loop inside of it that has products takes two turns; where
 * one has wgmma, the loop around it goes from tile to tile and is not counted.
 * From the counts follow the clocks that an iteration of a block of four warps takes at least on
 * each unit of a multiprocessor: tensor cores, shared memory, and the schedulers.
 *
 * <p>Needs no build: java scripts/CountKernels.java REPORT RESOURCES HASH FILE.sass... [--check]
 * [--because "KERNEL: REASON"]... See scripts/count-kernels, which disassembles.
 */
public class CountKernels {
    private static final int WARPS = 4;

    /** Multiplications and additions of one mma m16n8k16. */
    private static final int MMA = 16 * 8 * 16;

    /** A multiprocessor's tensor cores: multiplications and additions a clock, in 16 bits. */
    private static final Map<String, Integer> PEAK =
            Map.of("sm_80", 1024, "sm_89", 512, "sm_90", 2048, "sm_120", 512);

    /** The share of that which mma.sync reaches; all of it needs wgmma on Hopper. */
    private static final Map<String, Double> REACHED =
            Map.of("sm_80", 1.0, "sm_89", 1.0, "sm_90", 0.62, "sm_120", 1.0);

    private static final int SHARED_BYTES_A_CLOCK = 128;
    private static final double WORSE = 1.03;

    private static final Pattern KERNEL = Pattern.compile("\\s*Function : (\\w+)");
    private static final Pattern ARCHITECTURE = Pattern.compile("\\s*code for (sm_\\w+)");
    private static final Pattern INSTRUCTION =
            Pattern.compile(
                    "\\s*/\\*([0-9a-f]{4,6})\\*/\\s+(@!?U?P\\w+ )?\\s*([A-Z][A-Z0-9_.]*)([^;]*);.*");
    private static final Pattern ADDRESS = Pattern.compile("0x([0-9a-f]+)\\s*$");
    private static final Pattern WIDE_SHAPE = Pattern.compile("x(\\d+)x(\\d+)\\..*");
    private static final Pattern WIDE_A_IN_SHARED = Pattern.compile(".* R\\d+, gdesc.*");
    private static final Pattern BARRIER = Pattern.compile("(B\\d+)");

    record Instruction(int address, boolean isConditional, String name, String operands) {
        boolean is(String... prefixes) {
            for (String prefix : prefixes) {
                if (name.startsWith(prefix)) {
                    return true;
                }
            }
            return false;
        }

        /** Multiplications and additions of a wgmma, which four warps make; of 8 bits half. */
        long wideWork() {
            Matcher shape = WIDE_SHAPE.matcher(operands);
            if (!is("HGMMA", "QGMMA") || !shape.matches()) {
                return 0;
            }
            long all = 64L * Integer.parseInt(shape.group(1)) * Integer.parseInt(shape.group(2));
            return is("QGMMA") ? all / 2 : all;
        }

        /** Bytes of shared memory that a wgmma reads. */
        long wideBytes() {
            Matcher shape = WIDE_SHAPE.matcher(operands);
            if (!is("HGMMA", "QGMMA") || !shape.matches()) {
                return 0;
            }
            int rows = WIDE_A_IN_SHARED.matcher(operands).matches() ? 64 : 0;
            return (rows + Integer.parseInt(shape.group(1))) * 32L;
        }

        /** Where a branch leads, or -1. */
        int target() {
            Matcher matcher = ADDRESS.matcher(operands);
            return matcher.find() ? Integer.parseInt(matcher.group(1), 16) : -1;
        }
    }

    /**
     * What an iteration of a kernel's main loop issues.
     *
     * @param registers of a thread
     * @param shared bytes of the kernel's arrays; memory sized at launch is not among them
     * @param spills bytes
     * @param products mma.sync, HMMA in machine code
     * @param wide wgmma, HGMMA or QGMMA
     * @param wideWork their multiplications and additions, by four warps
     * @param wideBytes that they read from shared memory
     * @param loads LDSM, 512 bytes each
     * @param copies LDGSTS, 512 bytes each
     * @param bulk copies by TMA in the whole kernel: another warp makes them
     * @param moves from register to register
     * @param slots all instructions
     */
    record Count(
            String kernel,
            String architecture,
            int registers,
            int shared,
            int spills,
            int products,
            int wide,
            long wideWork,
            long wideBytes,
            int loads,
            int copies,
            int bulk,
            int moves,
            int slots) {
        String key() {
            return kernel + " " + architecture;
        }

        /** The architecture without the letter of code for one GPU alone. */
        private String gpu() {
            return architecture.replaceAll("a$", "");
        }

        long tensorClocks() {
            double narrow = (double) products * MMA * WARPS / REACHED.get(gpu());
            return Math.round((narrow + wideWork) / PEAK.get(gpu()));
        }

        long sharedClocks() {
            double bytes = (loads + copies) * 512.0 * WARPS + wideBytes;
            return Math.round(bytes / SHARED_BYTES_A_CLOCK);
        }

        /** One instruction a clock on each of four schedulers. */
        long issueClocks() {
            return slots;
        }

        /** The share of the tensor cores' peak that the slowest unit leaves. */
        long ceiling() {
            double ideal = ((double) products * MMA * WARPS + wideWork) / PEAK.get(gpu());
            long slowest = Math.max(tensorClocks(), Math.max(sharedClocks(), issueClocks()));
            return Math.round(100 * ideal / slowest);
        }

        String bound() {
            long slowest = Math.max(tensorClocks(), Math.max(sharedClocks(), issueClocks()));
            return slowest == tensorClocks()
                    ? "tensor"
                    : slowest == sharedClocks() ? "shared" : "issue";
        }

        String line(int best) {
            return String.format(
                    Locale.ROOT,
                    "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |"
                            + " %d | %s | %d |",
                    kernel,
                    architecture,
                    registers,
                    shared,
                    spills,
                    products,
                    wide,
                    loads,
                    copies,
                    bulk,
                    moves,
                    slots,
                    best,
                    tensorClocks(),
                    sharedClocks(),
                    issueClocks(),
                    bound(),
                    ceiling());
        }
    }

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
        Map<String, String> reasons = reasons(old);
        reasons.putAll(because);
        Map<String, Integer> best = best(old);
        Map<String, String[]> used = used(resources);
        Map<String, Count> counts = new TreeMap<>();
        for (Path file : disassembled) {
            for (Count count : counts(Files.readAllLines(file), used)) {
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
        List<String> fresh = text(counts, best, reasons, hash);
        if (check && !fresh.equals(old) && faults.isEmpty()) {
            faults.add(report + ": is not of this code; run scripts/count-kernels");
        }
        if (!check && faults.isEmpty()) {
            Files.write(report, fresh);
        }
        return faults;
    }

    /** The best number of slots so far, by kernel and architecture. */
    private static Map<String, Integer> best(List<String> report) {
        Map<String, Integer> result = new HashMap<>();
        for (String line : report) {
            String[] cells = line.split("\\s*\\|\\s*");
            if (cells.length > 13 && cells[2].startsWith("sm_")) {
                result.put(cells[1] + " " + cells[2], Integer.parseInt(cells[13]));
            }
        }
        return result;
    }

    private static Map<String, String> reasons(List<String> report) {
        Map<String, String> result = new TreeMap<>();
        for (String line : report) {
            Matcher matcher = Pattern.compile("- `(\\w+)`: (.*)").matcher(line);
            if (matcher.matches()) {
                result.put(matcher.group(1), matcher.group(2));
            }
        }
        return result;
    }

    /** Lines of fatbin/resources.txt by kernel and architecture. */
    private static Map<String, String[]> used(List<String> resources) {
        Map<String, String[]> result = new HashMap<>();
        for (String line : resources) {
            String[] cells = line.strip().split("\\s+");
            if (cells.length == 6 && cells[1].startsWith("sm_")) {
                result.put(cells[0] + " " + cells[1], cells);
            }
        }
        return result;
    }

    private static List<String> text(
            Map<String, Count> counts,
            Map<String, Integer> best,
            Map<String, String> reasons,
            String hash) {
        List<String> lines = new ArrayList<>();
        lines.add("# What the kernels' main loops issue");
        lines.add("");
        lines.add(
                "Counted from the machine code in kernels/fatbin by `scripts/count-kernels`, which"
                        + " also checks this file (`--check`). Nothing here was measured on a GPU.");
        lines.add("");
        lines.add("Code: `" + hash + "`");
        lines.add("");
        lines.add(
                "A line is one way around the loop with the most tensor core products, for one"
                        + " warp; UTMALDG alone is of the whole kernel, since another warp copies."
                        + " Bounds are clocks that four warps take at least on a"
                        + " multiprocessor: the tensor cores (mma.sync reaches 62 % of the peak on"
                        + " Hopper), shared memory (128 bytes a clock), and issue (one instruction a"
                        + " clock and scheduler). The ceiling is what the slowest of them leaves of"
                        + " the tensor cores' peak in bf16 with f32 sums. Best is the lowest number of"
                        + " slots so far: more than 3 % above it needs a reason below.");
        lines.add("");
        lines.add(
                "| kernel | code | registers | static shared bytes | spills | HMMA | HGMMA | LDSM |"
                        + " LDGSTS | UTMALDG | moves | slots | best | tensor clocks | shared clocks |"
                        + " issue clocks | bound | ceiling % |");
        lines.add(
                "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|");
        for (Count count : counts.values()) {
            int known = best.getOrDefault(count.key(), count.slots());
            lines.add(count.line(Math.min(known, count.slots())));
        }
        lines.add("");
        lines.add("## Why a kernel issues more than it did");
        lines.add("");
        if (reasons.isEmpty()) {
            lines.add("None does.");
        }
        reasons.forEach((kernel, reason) -> lines.add("- `" + kernel + "`: " + reason));
        return lines;
    }

    /** The kernels of a disassembled file whose main loop multiplies on tensor cores. */
    static List<Count> counts(List<String> lines, Map<String, String[]> used) {
        List<Count> result = new ArrayList<>();
        String architecture = null;
        String kernel = null;
        List<Instruction> code = new ArrayList<>();
        for (String line : lines) {
            Matcher starts = KERNEL.matcher(line);
            Matcher names = ARCHITECTURE.matcher(line);
            Matcher instruction = INSTRUCTION.matcher(line);
            if (starts.matches() || names.matches()) {
                add(result, kernel, architecture, code, used);
                code = new ArrayList<>();
                kernel = starts.matches() ? starts.group(1) : null;
                architecture = names.matches() ? names.group(1) : architecture;
            } else if (instruction.matches()) {
                code.add(
                        new Instruction(
                                Integer.parseInt(instruction.group(1), 16),
                                instruction.group(2) != null,
                                instruction.group(3),
                                instruction.group(4).strip()));
            }
        }
        add(result, kernel, architecture, code, used);
        return result;
    }

    private static void add(
            List<Count> result,
            String kernel,
            String architecture,
            List<Instruction> code,
            Map<String, String[]> used) {
        if (kernel == null || code.stream().noneMatch(i -> i.is("HMMA", "HGMMA", "QGMMA"))) {
            return;
        }
        List<Instruction> loop = new Flow(code).mainLoop();
        String[] resources = used.get(kernel + " " + architecture);
        if (loop.isEmpty() || resources == null) {
            return;
        }
        result.add(
                new Count(
                        kernel,
                        architecture,
                        Integer.parseInt(resources[2]),
                        Integer.parseInt(resources[5]),
                        Integer.parseInt(resources[3]) + Integer.parseInt(resources[4]),
                        count(loop, "HMMA"),
                        count(loop, "HGMMA", "QGMMA"),
                        loop.stream().mapToLong(Instruction::wideWork).sum(),
                        loop.stream().mapToLong(Instruction::wideBytes).sum(),
                        count(loop, "LDSM"),
                        count(loop, "LDGSTS"),
                        count(code, "UTMALDG", "UBLKCP"),
                        count(loop, "MOV", "IMAD.MOV", "UMOV"),
                        loop.size()));
    }

    private static int count(List<Instruction> code, String... prefixes) {
        return (int) code.stream().filter(i -> i.is(prefixes)).count();
    }

    /** The blocks of a kernel, and the loops among them. */
    private static final class Flow {
        private final List<List<Instruction>> blocks = new ArrayList<>();
        private final List<List<Integer>> next = new ArrayList<>();
        private final List<List<Integer>> previous = new ArrayList<>();

        Flow(List<Instruction> code) {
            Map<Integer, Integer> blockAt = split(code);
            for (int i = 0; i < blocks.size(); i++) {
                previous.add(new ArrayList<>());
            }
            Map<String, Integer> joins = new HashMap<>();
            for (Instruction instruction : code) {
                // the names of barriers are used again, and the last use before one counts
                if (instruction.is("BSSY")) {
                    joins.put(barrier(instruction) + "@" + instruction.address(), instruction.target());
                }
            }
            for (int i = 0; i < blocks.size(); i++) {
                next.add(successors(i, blockAt, joins));
                for (int to : next.get(i)) {
                    previous.get(to).add(i);
                }
            }
        }

        private Map<Integer, Integer> split(List<Instruction> code) {
            Set<Integer> starts = new TreeSet<>();
            for (int i = 0; i < code.size(); i++) {
                Instruction instruction = code.get(i);
                if (instruction.is("BRA", "BSSY")) {
                    starts.add(instruction.target());
                }
                boolean ends = instruction.is("BRA", "BRX", "BSYNC", "EXIT", "RET", "JMP");
                if (ends && i + 1 < code.size()) {
                    starts.add(code.get(i + 1).address());
                }
            }
            Map<Integer, Integer> blockAt = new LinkedHashMap<>();
            for (Instruction instruction : code) {
                if (blocks.isEmpty() || starts.contains(instruction.address())) {
                    blockAt.put(instruction.address(), blocks.size());
                    blocks.add(new ArrayList<>());
                }
                blocks.get(blocks.size() - 1).add(instruction);
            }
            return blockAt;
        }

        private static String barrier(Instruction instruction) {
            Matcher matcher = BARRIER.matcher(instruction.operands());
            return matcher.find() ? matcher.group(1) : "";
        }

        private List<Integer> successors(
                int block, Map<Integer, Integer> blockAt, Map<String, Integer> joins) {
            List<Instruction> code = blocks.get(block);
            Instruction last = code.get(code.size() - 1);
            List<Integer> result = new ArrayList<>();
            boolean falls = true;
            if (last.is("BRA")) {
                add(result, blockAt.get(last.target()));
                falls = last.isConditional() || last.operands().contains("P");
            } else if (last.is("BSYNC")) {
                add(result, blockAt.get(join(last, joins)));
                falls = false;
            } else if (last.is("EXIT", "RET", "BRX", "JMP")) {
                falls = last.isConditional();
            }
            if (falls && block + 1 < blocks.size()) {
                add(result, block + 1);
            }
            return result;
        }

        /** Where threads go on that meet: what the nearest BSSY before, by address, has said. */
        private static int join(Instruction sync, Map<String, Integer> joins) {
            String name = barrier(sync);
            int nearest = -1;
            int target = -1;
            for (Map.Entry<String, Integer> join : joins.entrySet()) {
                String[] parts = join.getKey().split("@");
                int address = Integer.parseInt(parts[1]);
                if (parts[0].equals(name) && address < sync.address() && address > nearest) {
                    nearest = address;
                    target = join.getValue();
                }
            }
            return target;
        }

        private static void add(List<Integer> result, Integer block) {
            if (block != null && !result.contains(block)) {
                result.add(block);
            }
        }

        /** The shortest way around the loop with the most products that does all their work. */
        List<Instruction> mainLoop() {
            List<Loop> loops = loops();
            Loop main = null;
            for (Loop loop : loops) {
                if (!isAroundTiles(loop, loops)
                        && (main == null || products(loop.way()) > products(main.way()))) {
                    main = loop;
                }
            }
            if (main == null) {
                return List.of();
            }
            List<Instruction> result = new ArrayList<>(main.way());
            for (Loop inner : loops) {
                if (inner.header() != main.header() && main.body().containsAll(inner.body())) {
                    result.addAll(inner.way());
                }
            }
            return result;
        }

        /** Whether a block goes from tile to tile by a loop: one inside multiplies by wgmma. */
        private static boolean isAroundTiles(Loop outer, List<Loop> loops) {
            for (Loop inner : loops) {
                if (inner != outer
                        && outer.body().containsAll(inner.body())
                        && count(inner.way(), "HGMMA", "QGMMA") > 0) {
                    return true;
                }
            }
            return false;
        }

        /** A loop that multiplies: its first block, all of them, and the way around. */
        private record Loop(int header, Set<Integer> body, List<Instruction> way) {}

        private List<Loop> loops() {
            Map<Integer, Set<Integer>> bodies = new TreeMap<>();
            Map<Integer, Set<Integer>> ends = new HashMap<>();
            for (int from = 0; from < blocks.size(); from++) {
                for (int header : next.get(from)) {
                    if (header <= from) {
                        bodies.computeIfAbsent(header, h -> new HashSet<>())
                                .addAll(body(header, from));
                        ends.computeIfAbsent(header, h -> new HashSet<>()).add(from);
                    }
                }
            }
            List<Loop> result = new ArrayList<>();
            bodies.forEach(
                    (header, body) -> {
                        List<Instruction> way = way(header, ends.get(header), body);
                        if (products(way) > 0) {
                            result.add(new Loop(header, body, way));
                        }
                    });
            return result;
        }

        /** The blocks from which the end of a loop is reached without passing its first one. */
        private Set<Integer> body(int header, int from) {
            Set<Integer> result = new HashSet<>(List.of(header, from));
            Deque<Integer> open = new ArrayDeque<>(List.of(from));
            while (!open.isEmpty()) {
                int block = open.pop();
                if (block != header) {
                    for (int before : previous.get(block)) {
                        if (result.add(before)) {
                            open.push(before);
                        }
                    }
                }
            }
            return result;
        }

        private List<Instruction> way(int header, Set<Integer> ends, Set<Integer> body) {
            Set<Integer> path = new HashSet<>();
            List<Instruction> way = way(header, ends, header, body, new HashMap<>(), path);
            return way == null ? List.of() : way;
        }

        /** From a block to an end of the loop, or null if no way leads there. */
        private List<Instruction> way(
                int block,
                Set<Integer> ends,
                int header,
                Set<Integer> body,
                Map<Integer, List<Instruction>> known,
                Set<Integer> path) {
            if (known.containsKey(block)) {
                return known.get(block);
            }
            List<Instruction> best = ends.contains(block) ? List.of() : null;
            path.add(block);
            for (int to : next.get(block)) {
                if (to != header && body.contains(to) && !path.contains(to)) {
                    List<Instruction> rest = way(to, ends, header, body, known, path);
                    if (rest != null && (best == null || isBetter(rest, best))) {
                        best = rest;
                    }
                }
            }
            path.remove(block);
            List<Instruction> result = null;
            if (best != null) {
                result = new ArrayList<>(blocks.get(block));
                result.addAll(best);
            }
            known.put(block, result);
            return result;
        }

        private static boolean isBetter(List<Instruction> a, List<Instruction> b) {
            int more = work(a) - work(b);
            return more > 0 || more == 0 && a.size() < b.size();
        }

        private static int products(List<Instruction> code) {
            return count(code, "HMMA", "HGMMA", "QGMMA");
        }

        /** What every full tile does. */
        private static int work(List<Instruction> code) {
            return products(code) + count(code, "LDSM", "LDGSTS", "UTMALDG", "UBLKCP");
        }
    }
}

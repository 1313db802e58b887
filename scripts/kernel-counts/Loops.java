import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The loops of a kernel that multiply on tensor cores. */
final class Loops {
    private final Blocks blocks;

    Loops(Blocks blocks) {
        this.blocks = blocks;
    }

    /**
     * The shortest way around the loop with the most products that does all their work; of as many
     * products, the loop with the widest.
     */
    List<Instruction> mainLoop() {
        List<Loop> loops = loops();
        Loop main = null;
        for (Loop loop : loops) {
            if (!isAroundTiles(loop, loops)
                    && (main == null || isMore(loop.way(), main.way()))) {
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

    /** A kernel may have thin tiles beside its own, of as many products. */
    private static boolean isMore(List<Instruction> way, List<Instruction> other) {
        int difference = Instruction.products(way) - Instruction.products(other);
        return difference > 0 || difference == 0 && wideWork(way) > wideWork(other);
    }

    private static long wideWork(List<Instruction> code) {
        return code.stream().mapToLong(Instruction::wideWork).sum();
    }

    /** Whether a block goes from tile to tile by a loop: one inside multiplies by wgmma. */
    private static boolean isAroundTiles(Loop outer, List<Loop> loops) {
        for (Loop inner : loops) {
            if (inner != outer
                    && outer.body().containsAll(inner.body())
                    && Instruction.count(inner.way(), Instruction.WIDE) > 0) {
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
            for (int header : blocks.next(from)) {
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
                    if (Instruction.products(way) > 0) {
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
                for (int before : blocks.previous(block)) {
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
        for (int to : blocks.next(block)) {
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
            result = new ArrayList<>(blocks.code(block));
            result.addAll(best);
        }
        known.put(block, result);
        return result;
    }

    private static boolean isBetter(List<Instruction> a, List<Instruction> b) {
        int more = work(a) - work(b);
        return more > 0 || more == 0 && a.size() < b.size();
    }

    /** What every full tile does. */
    private static int work(List<Instruction> code) {
        return Instruction.products(code) + Instruction.count(code, "LDSM", "LDGSTS", "UTMALDG", "UBLKCP");
    }
}

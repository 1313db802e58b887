import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The blocks of a kernel, each of which is run from end to end, and where each goes on. */
final class Blocks {
    private static final Pattern BARRIER = Pattern.compile("(B\\d+)");

    private final List<List<Instruction>> blocks = new ArrayList<>();
    private final List<List<Integer>> next = new ArrayList<>();
    private final List<List<Integer>> previous = new ArrayList<>();

    Blocks(List<Instruction> code) {
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

    int size() {
        return blocks.size();
    }

    List<Instruction> code(int block) {
        return blocks.get(block);
    }

    /** Blocks that may come after one. */
    List<Integer> next(int block) {
        return next.get(block);
    }

    /** Blocks that may come before one. */
    List<Integer> previous(int block) {
        return previous.get(block);
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
}

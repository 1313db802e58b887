import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What cuobjdump -sass prints, and what the compiler says of the same kernels. */
final class Disassembly {
    private static final Pattern KERNEL = Pattern.compile("\\s*Function : (\\w+)");
    private static final Pattern ARCHITECTURE = Pattern.compile("\\s*code for (sm_\\w+)");
    private static final Pattern INSTRUCTION =
            Pattern.compile(
                    "\\s*/\\*([0-9a-f]{4,6})\\*/\\s+(@!?U?P\\w+ )?\\s*([A-Z][A-Z0-9_.]*)([^;]*);.*");

    private Disassembly() {}

    /** Lines of fatbin/resources.txt by kernel and architecture. */
    static Map<String, String[]> used(List<String> resources) {
        Map<String, String[]> result = new HashMap<>();
        for (String line : resources) {
            String[] cells = line.strip().split("\\s+");
            if (cells.length == 6 && cells[1].startsWith("sm_")) {
                result.put(cells[0] + " " + cells[1], cells);
            }
        }
        return result;
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
        if (kernel == null || Instruction.products(code) == 0) {
            return;
        }
        List<Instruction> loop = new Loops(new Blocks(code)).mainLoop();
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
                        Instruction.count(loop, Instruction.NARROW),
                        Instruction.count(loop, Instruction.WIDE),
                        loop.stream().mapToLong(Instruction::wideWork).sum(),
                        loop.stream().mapToLong(Instruction::wideBytes).sum(),
                        Instruction.count(loop, "LDSM"),
                        Instruction.count(loop, "LDGSTS"),
                        Instruction.count(code, "UTMALDG", "UBLKCP"),
                        Instruction.count(loop, "MUFU"),
                        Instruction.count(loop, "MOV", "IMAD.MOV", "UMOV"),
                        loop.size()));
    }
}

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An instruction of machine code. */
record Instruction(int address, boolean isConditional, String name, String operands) {
    /** mma.sync, of 16 and of 8 bits. */
    static final String[] NARROW = {"HMMA", "QMMA"};

    /** wgmma, of 16 and of 8 bits. */
    static final String[] WIDE = {"HGMMA", "QGMMA"};

    private static final Pattern ADDRESS = Pattern.compile("0x([0-9a-f]+)\\s*$");
    private static final Pattern WIDE_SHAPE = Pattern.compile("x(\\d+)x(\\d+)\\..*");
    private static final Pattern WIDE_A_IN_SHARED = Pattern.compile(".* R\\d+, gdesc.*");

    /** How many of the instructions have a name that begins so. */
    static int count(List<Instruction> code, String... prefixes) {
        return (int) code.stream().filter(i -> i.is(prefixes)).count();
    }

    /** Products on tensor cores. */
    static int products(List<Instruction> code) {
        return count(code, NARROW) + count(code, WIDE);
    }

    boolean is(String... prefixes) {
        for (String prefix : prefixes) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Multiplications and additions of a wgmma, which four warps make; those of 8 bits count half,
     * since they take half the time.
     */
    long wideWork() {
        Matcher shape = WIDE_SHAPE.matcher(operands);
        if (!is(WIDE) || !shape.matches()) {
            return 0;
        }
        long all = 64L * Integer.parseInt(shape.group(1)) * Integer.parseInt(shape.group(2));
        return is("QGMMA") ? all / 2 : all;
    }

    /** Bytes of shared memory that a wgmma reads. */
    long wideBytes() {
        Matcher shape = WIDE_SHAPE.matcher(operands);
        if (!is(WIDE) || !shape.matches()) {
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

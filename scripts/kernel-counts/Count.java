import java.util.Locale;
import java.util.Map;

/**
 * What an iteration of a kernel's main loop issues.
 *
 * @param registers of a thread
 * @param shared bytes of the kernel's arrays; memory sized at launch is not among them
 * @param spills bytes
 * @param products mma.sync: HMMA, or QMMA, which takes as long
 * @param wide wgmma: HGMMA or QGMMA
 * @param wideWork their multiplications and additions, by four warps
 * @param wideBytes that they read from shared memory
 * @param loads LDSM, 512 bytes each
 * @param copies LDGSTS, 512 bytes each
 * @param bulk copies by TMA in the whole kernel: another warp makes them
 * @param special MUFU: exponentials, reciprocals, roots
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
        int special,
        int moves,
        int slots) {
    private static final int WARPS = 4;

    /** Multiplications and additions of one mma m16n8k16, and half of those of m16n8k32. */
    private static final int MMA = 16 * 8 * 16;

    /** A multiprocessor's tensor cores: multiplications and additions a clock, in 16 bits. */
    private static final Map<String, Integer> PEAK =
            Map.of("sm_80", 1024, "sm_89", 512, "sm_90", 2048, "sm_120", 512);

    /** The share of that which mma.sync reaches; all of it needs wgmma on Hopper. */
    private static final Map<String, Double> REACHED =
            Map.of("sm_80", 1.0, "sm_89", 1.0, "sm_90", 0.62, "sm_120", 1.0);

    private static final int SHARED_BYTES_A_CLOCK = 128;

    /** Of one instruction of a warp: each scheduler has four lanes for them. */
    private static final int SPECIAL_CLOCKS = 32 / 4;

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

    /** Each warp on a scheduler of its own. */
    long specialClocks() {
        return (long) special * SPECIAL_CLOCKS;
    }

    /** One instruction a clock on each of four schedulers. */
    long issueClocks() {
        return slots;
    }

    /** The share of the tensor cores' peak that the slowest unit leaves. */
    long ceiling() {
        double ideal = ((double) products * MMA * WARPS + wideWork) / PEAK.get(gpu());
        return Math.round(100 * ideal / slowest());
    }

    private long slowest() {
        return Math.max(
                Math.max(tensorClocks(), sharedClocks()), Math.max(specialClocks(), issueClocks()));
    }

    String bound() {
        long slowest = slowest();
        if (slowest == tensorClocks()) {
            return "tensor";
        }
        if (slowest == sharedClocks()) {
            return "shared";
        }
        return slowest == specialClocks() ? "special" : "issue";
    }

    /** A line of the report. */
    String line(int best) {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d |"
                        + " %d | %d | %d | %s | %d |",
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
                special,
                moves,
                slots,
                best,
                tensorClocks(),
                sharedClocks(),
                specialClocks(),
                issueClocks(),
                bound(),
                ceiling());
    }
}

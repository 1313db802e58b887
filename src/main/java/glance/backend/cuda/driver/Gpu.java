package glance.backend.cuda.driver;

/**
 * Properties of a GPU.
 *
 * @param name as the maker calls it
 * @param computeCapability major and minor version, as in 90 for 9.0
 * @param multiprocessors number of streaming multiprocessors
 * @param memoryBytes size of its memory
 * @param sharedBytes most shared memory of a block that asks for it
 * @param driverVersion as the driver reports it, as in 12040 for 12.4
 */
public record Gpu(
        String name,
        int computeCapability,
        int multiprocessors,
        long memoryBytes,
        int sharedBytes,
        int driverVersion) {
    /** What the system keeps of the shared memory of each block, from Hopper on. */
    static final int RESERVED_SHARED_BYTES = 1 << 10;

    private static final int HOPPER = 90;

    private static final int ADA = 89;

    private static final int RTX_BLACKWELL = 120;

    /** CUDA 13, of which machine code is. */
    private static final int MACHINE_CODE_DRIVER = 13_000;

    /** Most shared memory that a block can use: its arrays, and what the launch gives. */
    public int usableSharedBytes() {
        return computeCapability < HOPPER ? sharedBytes : sharedBytes - RESERVED_SHARED_BYTES;
    }

    /**
     * Whether it runs kernels that are compiled for sm_90a, of which there is no PTX. The emulated
     * GPU does.
     */
    public boolean runsHopperKernels() {
        return computeCapability == HOPPER && takesMachineCode();
    }

    /**
     * Whether its tensor cores multiply e4m3 by mma.sync, in kernels of which it takes the machine
     * code: their PTX is of an architecture that does not. Hopper has such products in wgmma alone.
     * The emulated GPU does.
     */
    public boolean multipliesE4M3() {
        boolean multiplies =
                isEmulated()
                        || computeCapability == ADA
                        || computeCapability / 10 == RTX_BLACKWELL / 10;
        return multiplies && takesMachineCode();
    }

    private boolean takesMachineCode() {
        return isEmulated() || driverVersion >= MACHINE_CODE_DRIVER;
    }

    /** Its driver has no version. */
    private boolean isEmulated() {
        return driverVersion == 0;
    }
}

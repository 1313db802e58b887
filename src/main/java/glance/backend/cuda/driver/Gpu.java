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

    /** CUDA 13, whose machine code kernels for Hopper are; there is no PTX of them. */
    private static final int HOPPER_DRIVER = 13_000;

    /** Most shared memory that a block can use: its arrays, and what the launch gives. */
    public int usableSharedBytes() {
        return computeCapability < HOPPER ? sharedBytes : sharedBytes - RESERVED_SHARED_BYTES;
    }

    /**
     * Whether it runs kernels that are compiled for sm_90a. The emulated GPU, whose driver has no
     * version, does.
     */
    public boolean runsHopperKernels() {
        return computeCapability == HOPPER
                && (driverVersion == 0 || driverVersion >= HOPPER_DRIVER);
    }
}

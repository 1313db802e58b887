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

    /** Most shared memory that a block can use: its arrays, and what the launch gives. */
    public int usableSharedBytes() {
        return computeCapability < HOPPER ? sharedBytes : sharedBytes - RESERVED_SHARED_BYTES;
    }
}

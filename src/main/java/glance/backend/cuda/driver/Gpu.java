package glance.backend.cuda.driver;

/**
 * Properties of a GPU.
 *
 * @param name as the maker calls it
 * @param computeCapability major and minor version, as in 90 for 9.0
 * @param multiprocessors number of streaming multiprocessors
 * @param memoryBytes size of its memory
 * @param sharedBytes most shared memory of a block
 * @param driverVersion as the driver reports it, as in 12040 for 12.4
 */
public record Gpu(
        String name,
        int computeCapability,
        int multiprocessors,
        long memoryBytes,
        int sharedBytes,
        int driverVersion) {}

package glance.backend.cuda.driver;

/**
 * A kernel that can be launched.
 *
 * @param name its entry point
 * @param handle the driver's number for it
 * @param maxThreads threads of a block that it was compiled for (its launch bounds)
 */
public record KernelFunction(String name, long handle, int maxThreads) {}

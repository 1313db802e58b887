package glance.backend.cuda.driver;

/**
 * One launch of a kernel.
 *
 * @param function what runs
 * @param grid blocks
 * @param threads threads of a block, in one row
 * @param sharedBytes dynamic shared memory of a block
 * @param arguments in the kernel's order
 */
public record Launch(
        KernelFunction function, Grid grid, int threads, int sharedBytes, Arguments arguments) {
    @Override
    public String toString() {
        return String.format(
                "%s<<<(%d, %d, %d), %d, %d>>>",
                function.name(), grid.x(), grid.y(), grid.z(), threads, sharedBytes);
    }
}

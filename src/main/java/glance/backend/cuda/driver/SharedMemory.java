package glance.backend.cuda.driver;

import glance.api.DeviceException;
import java.util.function.IntConsumer;

/**
 * Shared memory of a kernel. A block has 48 KB without asking: its arrays, which the compiler has
 * counted, what the launch gives, and 1 KB that Hopper keeps for itself. More is granted to each
 * kernel that asks, up to the limit of the GPU.
 */
final class SharedMemory {
    /** What a block may have without asking. */
    private static final int FREE_BYTES = 48 << 10;

    private final Gpu gpu;
    private final int arrayBytes;
    private int granted; // most dynamic bytes of a launch that was asked for

    /**
     * @param arrayBytes of the arrays that the kernel declares
     */
    SharedMemory(Gpu gpu, int arrayBytes) {
        this.gpu = gpu;
        this.arrayBytes = arrayBytes;
    }

    /**
     * Asks for the memory of a launch if need be.
     *
     * @param ask tells the driver how many dynamic bytes a launch of this kernel may have
     * @throws DeviceException if the GPU has not so much
     */
    void prepare(Launch launch, IntConsumer ask) {
        int dynamic = launch.sharedBytes();
        int all = arrayBytes + dynamic;
        if (all > gpu.usableSharedBytes()) {
            throw new DeviceException(
                    String.format(
                            "%s needs %d bytes of shared memory, %d of them for its arrays; a block"
                                    + " of %s has at most %d",
                            launch, all, arrayBytes, gpu.name(), gpu.usableSharedBytes()));
        }
        // GPUs that reserve nothing are asked a little early, which does no harm
        if (all + Gpu.RESERVED_SHARED_BYTES > FREE_BYTES && dynamic > granted) {
            ask.accept(dynamic);
            granted = dynamic;
        }
    }
}

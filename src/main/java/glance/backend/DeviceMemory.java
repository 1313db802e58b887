package glance.backend;

import glance.api.MemoryStats;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;

/** The memory of a device: pooled scratch, weights, and the way in and out. */
public interface DeviceMemory {
    /**
     * A block for {@code numel} elements with undefined content, from the pool where it has one.
     */
    Storage allocate(DType dtype, long numel);

    /**
     * Takes a weight whose bytes lie in {@code data} (little-endian, row-major; usually a mapped
     * file). The device may keep the buffer as it is, convert, or copy; the caller must not change
     * it.
     */
    Tensor adopt(DType dtype, Shape shape, ByteBuffer data);

    /** The dtype in which {@link #adopt} keeps a weight; usually its own. */
    default DType keeps(DType dtype, Shape shape) {
        return dtype;
    }

    /** Whether weights stay in mapped files, and take nothing of the device's own memory. */
    default boolean mapsWeights() {
        return false;
    }

    /**
     * Room for weights that take turns.
     *
     * @param blocks how many there will be
     * @param blockBytes of the largest: the sum of {@link WeightTurns#bytesInBlock}
     * @throws UnsupportedOperationException if the device {@link #mapsWeights}, which does the same
     *     without being asked
     */
    default WeightTurns turns(int blocks, long blockBytes) {
        throw new UnsupportedOperationException("weights of this device take no turns");
    }

    /** What the rank of an adapter should be a multiple of for the fastest way. */
    default int rankMultiple() {
        return 1;
    }

    /** Copies host bytes into a contiguous tensor. */
    void write(ByteBuffer source, Tensor target);

    /** Copies a contiguous tensor into host bytes, after all queued work is done. */
    void read(Tensor source, ByteBuffer target);

    /** Copies a contiguous tensor into another of the same dtype and size, without a kernel. */
    void copy(Tensor source, Tensor target);

    /** Bytes in use and their peak. */
    MemoryStats stats();

    /** Starts a new measurement of the peak from what is in use now. */
    void resetPeak();
}

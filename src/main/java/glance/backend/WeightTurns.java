package glance.backend;

import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * Weights that stay in host memory and take turns on the device, block by block: two blocks have
 * room there. While operations read one, the block that is likely to follow comes into the place of
 * the one before.
 *
 * <pre>
 *   place 0    block 0 ........ block 2 ........       an operation that reads a weight of block n
 *   place 1          block 1 ........ block 3 ...      brings block n, and starts the copy of the next
 * </pre>
 */
public interface WeightTurns extends AutoCloseable {
    /**
     * Takes a weight as {@link DeviceMemory#adopt} does, but for host memory. The result is a
     * tensor like any other; its block comes to the device whenever an operation reads it, which
     * must read no weight of another block.
     *
     * @param block counted from 0 in the order of use
     */
    Tensor add(int block, DType dtype, Shape shape, ByteBuffer data);

    /** Frees the places on the device and the host memory; the tensors cannot be read any more. */
    @Override
    void close();

    /** Where weights begin in the memory of their block: kernels load 16 bytes, GPUs like more. */
    int ALIGNMENT_BYTES = 256;

    /** Bytes that a weight takes in its block. */
    static long bytesInBlock(DType dtype, Shape shape) {
        long bytes = dtype.bytes(shape.numel());
        return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }
}

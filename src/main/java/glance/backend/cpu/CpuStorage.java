package glance.backend.cpu;

import glance.backend.Lifetime;
import glance.tensor.DType;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Memory of the CPU device: a float array (activations, vectors) or bytes (weights, ids). */
final class CpuStorage extends Storage {
    /** F32 elements, or null. */
    final float[] floats;

    /** Little-endian bytes, or null. */
    final ByteBuffer bytes;

    private final long size;
    private final Lifetime lifetime;
    private final Consumer<CpuStorage> onFree;

    CpuStorage(float[] floats, long size, Lifetime lifetime, Consumer<CpuStorage> onFree) {
        this.floats = floats;
        this.bytes = null;
        this.size = size;
        this.lifetime = lifetime;
        this.onFree = onFree;
    }

    CpuStorage(ByteBuffer bytes, Lifetime lifetime, Consumer<CpuStorage> onFree) {
        this.floats = null;
        this.bytes = bytes;
        this.size = bytes.capacity();
        this.lifetime = lifetime;
        this.onFree = onFree;
    }

    /**
     * The array of an F32 tensor held as floats.
     *
     * @throws IllegalArgumentException if the tensor is held as bytes
     */
    static float[] floats(Tensor tensor) {
        CpuStorage storage = of(tensor);
        if (storage.floats == null) {
            throw new IllegalArgumentException("expected an F32 activation, got " + tensor);
        }
        return storage.floats;
    }

    static CpuStorage of(Tensor tensor) {
        if (!(tensor.storage() instanceof CpuStorage storage)) {
            throw new IllegalArgumentException(tensor + " is not on the CPU device");
        }
        storage.lifetime.requireOpen();
        tensor.requireAlive();
        return storage;
    }

    /** Whether a tensor of this dtype is held as a float array when the device allocates it. */
    static boolean heldAsFloats(DType dtype) {
        return dtype == DType.F32;
    }

    @Override
    public long bytes() {
        return size;
    }

    @Override
    protected void free() {
        onFree.accept(this);
    }
}

package glance.backend.cuda;

import glance.backend.Lifetime;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.function.Consumer;

/** A block of device memory. */
final class CudaStorage extends Storage {
    private final long address;
    private final long size;
    private final long capacity;
    private final Lifetime lifetime;
    private final Consumer<CudaStorage> onFree;

    /**
     * @param size bytes that the owner asked for
     * @param capacity bytes that the block has
     */
    CudaStorage(
            long address,
            long size,
            long capacity,
            Lifetime lifetime,
            Consumer<CudaStorage> onFree) {
        this.address = address;
        this.size = size;
        this.capacity = capacity;
        this.lifetime = lifetime;
        this.onFree = onFree;
    }

    /** Where the first element of a tensor lies. */
    static long address(Tensor tensor) {
        if (!(tensor.storage() instanceof CudaStorage storage)) {
            throw new IllegalArgumentException(tensor + " is not on the CUDA device");
        }
        storage.lifetime.requireOpen();
        tensor.requireAlive();
        return storage.address + tensor.dtype().bytes(tensor.offset());
    }

    long address() {
        return address;
    }

    long capacity() {
        return capacity;
    }

    @Override
    public long bytes() {
        return size;
    }

    @Override
    protected void free() {
        if (!lifetime.isOver()) { // the memory of a closed device is gone already
            onFree.accept(this);
        }
    }
}

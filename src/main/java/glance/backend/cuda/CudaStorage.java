package glance.backend.cuda;

import glance.backend.Lifetime;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** A block of device memory. */
final class CudaStorage extends Storage {
    private final LongSupplier address;
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
        this(() -> address, size, capacity, lifetime, onFree);
    }

    /**
     * A part of a block that is elsewhere from time to time.
     *
     * @param address asked for by every launch that reads it
     */
    CudaStorage(LongSupplier address, long size, Lifetime lifetime, Consumer<CudaStorage> onFree) {
        this(address, size, size, lifetime, onFree);
    }

    private CudaStorage(
            LongSupplier address,
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
        return storage.address() + tensor.dtype().bytes(tensor.offset());
    }

    long address() {
        return address.getAsLong();
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

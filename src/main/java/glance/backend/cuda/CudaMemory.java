package glance.backend.cuda;

import glance.backend.DeviceMemory;
import glance.backend.MemoryStats;
import glance.backend.Op;
import glance.backend.cuda.driver.Driver;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Memory of a GPU. Scratch comes from a pool. Weights are copied once and keep their dtype, except
 * that vectors (biases, norm weights) are widened to F32, which is what kernels read them as.
 */
final class CudaMemory implements DeviceMemory {
    private final Driver driver;
    private final long stream;
    private final BlockPool pool;
    private final Staging staging;
    private Consumer<Op.Copy> converter;
    private long scratchBytes;
    private long peakScratchBytes;
    private long weightBytes;
    private long peakWeightBytes;

    CudaMemory(Driver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
        this.pool = new BlockPool(driver);
        this.staging = new Staging(driver, stream);
    }

    /** The kernel that changes dtypes; needed before the first vector is adopted. */
    void convertWith(Consumer<Op.Copy> copy) {
        converter = copy;
    }

    @Override
    public Storage allocate(DType dtype, long numel) {
        long bytes = Math.multiplyExact(numel, dtype.bytes());
        BlockPool.Block block = pool.take(bytes);
        scratchBytes += bytes;
        peakScratchBytes = Math.max(peakScratchBytes, scratchBytes);
        return new CudaStorage(block.address(), bytes, block.capacity(), this::recycle);
    }

    private void recycle(CudaStorage storage) {
        scratchBytes -= storage.bytes();
        pool.give(new BlockPool.Block(storage.address(), storage.capacity()));
    }

    @Override
    public Tensor adopt(DType dtype, Shape shape, ByteBuffer data) {
        if (shape.rank() <= 1 && dtype.isFloating() && dtype != DType.F32) {
            Tensor narrow = Tensor.contiguous(allocate(dtype, shape.numel()), dtype, shape);
            Tensor wide = weight(DType.F32, shape);
            write(data, narrow);
            converter.accept(new Op.Copy(narrow, wide));
            narrow.storage().release();
            return wide;
        }
        Tensor weight = weight(dtype, shape);
        write(data, weight);
        return weight;
    }

    private Tensor weight(DType dtype, Shape shape) {
        long bytes = Math.multiplyExact(shape.numel(), dtype.bytes());
        BlockPool.Block block = pool.take(bytes);
        weightBytes += bytes;
        peakWeightBytes = Math.max(peakWeightBytes, weightBytes);
        Storage storage = new CudaStorage(block.address(), bytes, block.capacity(), this::drop);
        return Tensor.contiguous(storage, dtype, shape);
    }

    private void drop(CudaStorage storage) {
        weightBytes -= storage.bytes();
        driver.synchronize(stream);
        pool.drop(new BlockPool.Block(storage.address(), storage.capacity()));
    }

    @Override
    public void write(ByteBuffer source, Tensor target) {
        int bytes = Math.toIntExact(target.numel() * target.dtype().bytes());
        staging.upload(source.slice(source.position(), bytes), CudaStorage.address(target));
    }

    @Override
    public void read(Tensor source, ByteBuffer target) {
        int bytes = Math.toIntExact(source.numel() * source.dtype().bytes());
        staging.download(CudaStorage.address(source), target.slice(target.position(), bytes));
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        long bytes = source.numel() * source.dtype().bytes();
        driver.copy(CudaStorage.address(source), CudaStorage.address(target), bytes, stream);
    }

    @Override
    public MemoryStats stats() {
        return new MemoryStats(
                scratchBytes, peakScratchBytes, weightBytes, peakWeightBytes, pool.freeBytes());
    }

    @Override
    public void resetPeak() {
        peakScratchBytes = scratchBytes;
        peakWeightBytes = weightBytes;
    }

    void close() {
        staging.close();
        pool.clear();
    }
}

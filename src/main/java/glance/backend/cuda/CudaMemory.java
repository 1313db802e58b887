package glance.backend.cuda;

import glance.api.DeviceException;
import glance.api.MemoryStats;
import glance.backend.DeviceMemory;
import glance.backend.Lifetime;
import glance.backend.WeightTurns;
import glance.backend.cuda.driver.Driver;
import glance.op.Op;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Memory of a GPU. Scratch comes from a pool. Weights are copied once, in the form that kernels
 * read: vectors (biases, norm weights) in F32; matrices in their own dtype, except that a device
 * that computes in BF16 rounds those in F32 and F16, which its tensor cores would otherwise do in
 * every product. Smaller dtypes stay, for they are there to save memory.
 *
 * <p>Weights travel on a stream of their own, into blocks that no queued work uses: the way from
 * the file through pinned memory goes on while kernels run, and only work that is queued after a
 * weight was asked for waits for it. Those that have no room stay in host memory and take turns
 * ({@link CudaTurns}).
 */
final class CudaMemory implements DeviceMemory {
    /** Numbers by which the blocks of a launch tell each other. */
    static final int COUNTERS = 4096;

    private final Lifetime lifetime = new Lifetime("the CUDA device");
    private final Driver driver;
    private final long stream;
    private final DType computeType;
    private final BlockPool pool;
    private final BlockPool reserve;
    private final Staging staging;
    private final long weightStream;
    private final Staging weightStaging;
    private final long weightArrived;
    private Consumer<Op.Copy> converter;
    private int reserveUsers;
    private boolean reserving;
    private boolean capturing;
    private long scratchBytes;
    private long peakScratchBytes;
    private long weightBytes;
    private long peakWeightBytes;
    private long hostBytes;
    private long peakHostBytes;
    private final Set<CudaTurns> turns = new HashSet<>();
    private BlockPool.Block counters;

    CudaMemory(Driver driver, long stream, DType computeType) {
        this(driver, stream, computeType, 0);
    }

    /**
     * @param mostBytes that it may take of the GPU; 0 for what the driver gives
     */
    CudaMemory(Driver driver, long stream, DType computeType, long mostBytes) {
        this.driver = driver;
        this.stream = stream;
        this.computeType = computeType;
        this.pool = new BlockPool(driver, mostBytes);
        this.reserve = pool.child();
        this.staging = new Staging(driver, stream);
        this.weightStream = driver.createStream();
        this.weightStaging = new Staging(driver, weightStream);
        this.weightArrived = driver.createEvent();
    }

    /** The kernel that changes dtypes; needed before the first weight is adopted. */
    void convertWith(Consumer<Op.Copy> copy) {
        converter = copy;
    }

    @Override
    public Storage allocate(DType dtype, long numel) {
        lifetime.requireOpen();
        long bytes = dtype.bytes(numel);
        BlockPool home = reserving ? reserve : pool;
        BlockPool.Block block = capturing ? kept(home, bytes) : home.take(bytes);
        scratchBytes += bytes;
        peakScratchBytes = Math.max(peakScratchBytes, scratchBytes);
        return new CudaStorage(
                block.address(),
                bytes,
                block.capacity(),
                lifetime,
                storage -> {
                    scratchBytes -= bytes;
                    home.give(block);
                });
    }

    /** A capture makes do with what the run before it took: it must not ask the driver. */
    private static BlockPool.Block kept(BlockPool home, long bytes) {
        BlockPool.Block block = home.takeKept(bytes);
        if (block == null) {
            throw new CaptureMiss(bytes);
        }
        return block;
    }

    /**
     * The address of {@link #COUNTERS} 32-bit numbers that are 0 before and after each launch: its
     * blocks tell each other with them. Always the same, so that a graph can have it.
     */
    long counters() {
        if (counters == null) {
            long bytes = (long) COUNTERS * Integer.BYTES;
            if (capturing) {
                throw new CaptureMiss(bytes);
            }
            counters = pool.fresh(bytes);
            driver.fill(counters.address(), (byte) 0, bytes, stream);
        }
        return counters.address();
    }

    /** Adds a block to the reserve. */
    void growReserve(long bytes) {
        reserve.give(pool.fresh(bytes));
    }

    /** Begins to keep what {@link #reserved} work takes for such work alone. */
    void openReserve() {
        reserveUsers++;
    }

    /** Ends {@link #openReserve}; after the last one, everybody may have the memory. */
    void closeReserve() {
        if (--reserveUsers == 0) {
            reserve.giveAllBack();
        }
    }

    /** Runs work that gives back all scratch that it takes; it takes it from the reserve. */
    void reserved(Runnable work) {
        reserving = true;
        try {
            work.run();
        } finally {
            reserving = false;
        }
    }

    /** The same, for work that is noted down instead of being done. */
    void captured(Runnable work) {
        capturing = true;
        try {
            reserved(work);
        } finally {
            capturing = false;
        }
    }

    private void expectNoCapture(String what) {
        if (capturing) {
            throw new IllegalStateException(
                    what
                            + " while a CUDA graph is captured: its repetitions would not see the"
                            + " host's memory; do it before the work that is replayed");
        }
    }

    @Override
    public Tensor adopt(DType dtype, Shape shape, ByteBuffer data) {
        lifetime.requireOpen();
        expectNoCapture("a weight was loaded");
        DType kept = keeps(dtype, shape);
        Tensor weight = weight(kept, shape);
        if (kept != dtype) {
            convert(dtype, data, weight);
            return weight;
        }
        weightStaging.upload(bytes(weight, data), CudaStorage.address(weight));
        driver.record(weightArrived, weightStream);
        driver.waitEvent(stream, weightArrived);
        return weight;
    }

    private void convert(DType dtype, ByteBuffer data, Tensor weight) {
        Shape shape = weight.shape();
        Tensor stored = Tensor.contiguous(allocate(dtype, shape.numel()), dtype, shape);
        write(data, stored);
        converter.accept(new Op.Copy(stored, weight));
        stored.storage().release();
    }

    @Override
    public WeightTurns turns(int blocks, long blockBytes) {
        lifetime.requireOpen();
        expectNoCapture("room for weights was made");
        CudaTurns made = new CudaTurns(this, driver, stream, blocks, blockBytes);
        turns.add(made);
        return made;
    }

    /** Whether there are weights that come to the device while work is queued. */
    boolean hasTurns() {
        return !turns.isEmpty();
    }

    void closed(CudaTurns ended) {
        turns.remove(ended);
    }

    /** A place for blocks of weights; it counts as weights. */
    BlockPool.Block takePlace(long bytes) {
        BlockPool.Block block = pool.fresh(bytes);
        weightBytes += bytes;
        peakWeightBytes = Math.max(peakWeightBytes, weightBytes);
        return block;
    }

    /** Gives a place back that no queued work uses. */
    void givePlace(BlockPool.Block block, long bytes) {
        weightBytes -= bytes;
        pool.drop(block);
    }

    /** Counts pinned memory of weights. */
    void heldOnHost(long bytes) {
        hostBytes += bytes;
        peakHostBytes = Math.max(peakHostBytes, hostBytes);
    }

    /** Fills host memory with a weight in the form that kernels read. */
    void fill(ByteBuffer target, DType kept, DType dtype, Shape shape, ByteBuffer data) {
        lifetime.requireOpen();
        expectNoCapture("a weight was loaded");
        if (kept == dtype) {
            target.put(data.slice(data.position(), target.remaining())).flip();
            return;
        }
        Tensor converted = Tensor.contiguous(allocate(kept, shape.numel()), kept, shape);
        try {
            convert(dtype, data, converted);
            read(converted, target);
        } finally {
            converted.storage().release();
        }
    }

    @Override
    public DType keeps(DType dtype, Shape shape) {
        if (!dtype.isReal()) {
            return dtype;
        }
        if (shape.rank() <= 1) {
            return DType.F32;
        }
        return computeType == DType.BF16 && dtype.bits() >= Short.SIZE ? DType.BF16 : dtype;
    }

    @Override
    public int rankMultiple() {
        return computeType == DType.BF16 ? Packed.CHUNK : 1;
    }

    private Tensor weight(DType dtype, Shape shape) {
        long bytes = dtype.bytes(shape.numel());
        BlockPool.Block block = pool.fresh(bytes);
        weightBytes += bytes;
        peakWeightBytes = Math.max(peakWeightBytes, weightBytes);
        Storage storage =
                new CudaStorage(block.address(), bytes, block.capacity(), lifetime, this::drop);
        return Tensor.contiguous(storage, dtype, shape);
    }

    private void drop(CudaStorage storage) {
        weightBytes -= storage.bytes();
        driver.synchronize(stream);
        pool.drop(new BlockPool.Block(storage.address(), storage.capacity()));
    }

    @Override
    public void write(ByteBuffer source, Tensor target) {
        expectNoCapture(target + " was uploaded");
        staging.upload(bytes(target, source), CudaStorage.address(target));
    }

    @Override
    public void read(Tensor source, ByteBuffer target) {
        expectNoCapture(source + " was downloaded");
        staging.download(CudaStorage.address(source), bytes(source, target));
    }

    /** The bytes of a tensor from the position of a host buffer on. */
    private static ByteBuffer bytes(Tensor tensor, ByteBuffer host) {
        long bytes = tensor.dtype().bytes(tensor.numel());
        if (bytes > host.remaining()) {
            throw new DeviceException(
                    tensor
                            + " has "
                            + bytes
                            + " bytes, the host's buffer has "
                            + host.remaining()
                            + " (at most 2 GiB go between host and device at once)");
        }
        return host.slice(host.position(), (int) bytes);
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        long bytes = source.dtype().bytes(source.numel());
        driver.copy(CudaStorage.address(source), CudaStorage.address(target), bytes, stream);
    }

    @Override
    public MemoryStats stats() {
        return new MemoryStats(
                scratchBytes,
                peakScratchBytes,
                weightBytes,
                peakWeightBytes,
                pool.freeBytes() + reserve.freeBytes(),
                hostBytes,
                peakHostBytes);
    }

    @Override
    public void resetPeak() {
        peakScratchBytes = scratchBytes;
        peakWeightBytes = weightBytes;
        peakHostBytes = hostBytes;
    }

    /** Whether the device is open. */
    Lifetime lifetime() {
        return lifetime;
    }

    void close() {
        List.copyOf(turns).forEach(CudaTurns::close);
        driver.synchronize(weightStream);
        staging.close();
        weightStaging.close();
        driver.destroyEvent(weightArrived);
        driver.destroyStream(weightStream);
        reserve.giveAllBack();
        if (counters != null) {
            pool.drop(counters);
        }
        pool.clear();
    }
}

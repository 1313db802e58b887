package glance.backend.cpu;

import glance.api.DeviceException;
import glance.api.MemoryStats;
import glance.backend.DeviceMemory;
import glance.backend.Lifetime;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/**
 * Scratch comes from a pool of float arrays: a freed block serves the next request of its size or a
 * little less, so a run of equal steps soon allocates nothing and hardly wastes any. Blocks in use
 * and in the pool are together at most twice what was ever in use, so a run of ever new sizes does
 * not fill the heap with blocks that fit nothing any more. Matrices from files stay mapped; vectors
 * (biases, norm weights) are widened to floats once.
 */
final class CpuMemory implements DeviceMemory {
    private final Lifetime lifetime = new Lifetime("the CPU device");
    private final TreeMap<Integer, ArrayDeque<float[]>> pool = new TreeMap<>();
    private long scratchBytes;
    private long peakScratchBytes;
    private long mostScratchBytes;
    private long weightBytes;
    private long peakWeightBytes;
    private long pooledBytes;

    /** A block of floats for the inside of a kernel; release it when the kernel is done. */
    CpuStorage scratch(long numel) {
        return (CpuStorage) allocate(DType.F32, numel);
    }

    @Override
    public synchronized Storage allocate(DType dtype, long numel) {
        lifetime.requireOpen();
        if (numel > Integer.MAX_VALUE - 64) {
            throw new DeviceException(
                    "the CPU device holds at most 2^31 elements in one tensor, asked for " + numel);
        }
        int length = (int) numel;
        CpuStorage storage;
        if (CpuStorage.heldAsFloats(dtype)) {
            float[] block = take(length);
            storage = new CpuStorage(block, 4L * block.length, lifetime, this::recycle);
        } else {
            ByteBuffer bytes =
                    ByteBuffer.allocate(Math.toIntExact(dtype.bytes(numel)))
                            .order(ByteOrder.LITTLE_ENDIAN);
            storage = new CpuStorage(bytes, lifetime, this::recycle);
        }
        scratchBytes += storage.bytes();
        peakScratchBytes = Math.max(peakScratchBytes, scratchBytes);
        mostScratchBytes = Math.max(mostScratchBytes, scratchBytes);
        trim();
        return storage;
    }

    private float[] take(int length) {
        Map.Entry<Integer, ArrayDeque<float[]>> entry = pool.ceilingEntry(length);
        if (entry != null && entry.getKey() <= length + length / 8L + 64) {
            return takeFrom(entry);
        }
        try {
            return new float[length];
        } catch (OutOfMemoryError e) {
            clear();
        }
        try {
            return new float[length];
        } catch (OutOfMemoryError e) {
            throw DeviceException.outOfMemory(
                    "out of memory on the CPU device: asked for "
                            + 4L * length
                            + " bytes, "
                            + scratchBytes
                            + " in use, heap limit "
                            + Runtime.getRuntime().maxMemory()
                            + "; raise it with -Xmx, or make a smaller picture",
                    e);
        }
    }

    private synchronized void recycle(CpuStorage storage) {
        scratchBytes -= storage.bytes();
        if (storage.floats != null && storage.floats.length > 0 && !lifetime.isOver()) {
            pool.computeIfAbsent(storage.floats.length, key -> new ArrayDeque<>())
                    .push(storage.floats);
            pooledBytes += 4L * storage.floats.length;
        }
        trim();
    }

    /** Drops the smallest blocks first: they are the cheapest to allocate again. */
    private void trim() {
        while (pooledBytes > 0 && scratchBytes + pooledBytes > 2 * mostScratchBytes) {
            takeFrom(pool.firstEntry());
        }
    }

    private float[] takeFrom(Map.Entry<Integer, ArrayDeque<float[]>> entry) {
        float[] block = entry.getValue().pop();
        if (entry.getValue().isEmpty()) {
            pool.remove(entry.getKey());
        }
        pooledBytes -= 4L * block.length;
        return block;
    }

    /** Matrices do; vectors are small beside them. */
    @Override
    public boolean mapsWeights() {
        return true;
    }

    @Override
    public synchronized Tensor adopt(DType dtype, Shape shape, ByteBuffer data) {
        lifetime.requireOpen();
        ByteBuffer bytes = data.slice().order(ByteOrder.LITTLE_ENDIAN);
        CpuStorage storage;
        DType held = dtype;
        if (shape.rank() <= 1 && dtype.isReal()) {
            int length = Math.toIntExact(shape.numel());
            float[] floats = new float[length];
            Widen.toFloats(dtype, bytes, 0, floats, 0, length);
            storage = new CpuStorage(floats, 4L * length, lifetime, this::dropWeight);
            held = DType.F32;
        } else {
            storage = new CpuStorage(bytes, lifetime, this::dropWeight);
        }
        weightBytes += storage.bytes();
        peakWeightBytes = Math.max(peakWeightBytes, weightBytes);
        return Tensor.contiguous(storage, held, shape);
    }

    private synchronized void dropWeight(CpuStorage storage) {
        weightBytes -= storage.bytes();
    }

    @Override
    public void write(ByteBuffer source, Tensor target) {
        CpuStorage storage = CpuStorage.of(target);
        ByteBuffer bytes = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int offset = Math.toIntExact(target.offset());
        int length = Math.toIntExact(target.numel());
        if (storage.floats != null) {
            bytes.asFloatBuffer().get(storage.floats, offset, length);
        } else {
            DType dtype = target.dtype();
            storage.bytes.put(
                    (int) dtype.bytes(offset), bytes, bytes.position(), (int) dtype.bytes(length));
        }
    }

    @Override
    public void read(Tensor source, ByteBuffer target) {
        CpuStorage storage = CpuStorage.of(source);
        ByteBuffer bytes = target.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        int offset = Math.toIntExact(source.offset());
        int length = Math.toIntExact(source.numel());
        if (storage.floats != null) {
            bytes.asFloatBuffer().put(storage.floats, offset, length);
        } else {
            DType dtype = source.dtype();
            bytes.put(
                    bytes.position(),
                    storage.bytes,
                    (int) dtype.bytes(offset),
                    (int) dtype.bytes(length));
        }
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        CpuStorage from = CpuStorage.of(source);
        CpuStorage to = CpuStorage.of(target);
        int start = Math.toIntExact(source.offset());
        int at = Math.toIntExact(target.offset());
        int length = Math.toIntExact(source.numel());
        if (from.floats != null) {
            System.arraycopy(from.floats, start, to.floats, at, length);
        } else {
            DType dtype = source.dtype();
            to.bytes.put(
                    (int) dtype.bytes(at),
                    from.bytes,
                    (int) dtype.bytes(start),
                    (int) dtype.bytes(length));
        }
    }

    @Override
    public synchronized MemoryStats stats() {
        return new MemoryStats(
                scratchBytes, peakScratchBytes, weightBytes, peakWeightBytes, pooledBytes);
    }

    @Override
    public synchronized void resetPeak() {
        peakScratchBytes = scratchBytes;
        peakWeightBytes = weightBytes;
    }

    /** Whether the device is open. */
    Lifetime lifetime() {
        return lifetime;
    }

    /** Drops the pool. */
    synchronized void clear() {
        pool.clear();
        pooledBytes = 0;
    }
}

package glance.backend;

import glance.api.DeviceInfo;
import glance.api.MemoryStats;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/**
 * A device that computes nothing, holds nothing, and accounts for everything: running a model on it
 * tells what memory the model would take, tensor for tensor, in the time that it takes to walk
 * through the code. What is read back from it is zeros.
 */
public final class DryDevice implements Device {
    private final DType computeType;
    private final long memoryBytes;
    private final Memory memory;
    private final KernelTable kernels;

    private DryDevice(DType computeType, long memoryBytes, KernelTable pattern, Memory memory) {
        this.memory = memory;
        this.computeType = computeType;
        this.memoryBytes = memoryBytes;
        this.kernels = pattern.dry(memory::touch, memory.lifetime);
    }

    /** Stands in for a device: its dtype and memory, its refusals, its kernels' workspaces. */
    public static DryDevice of(Device device) {
        return new DryDevice(
                device.computeType(),
                device.info().memoryBytes(),
                device.kernels(),
                new Memory(device.memory()));
    }

    /**
     * Stands in for a device that has every kernel, none of which needs a workspace, and no memory
     * to spare: what can be done in parts is.
     */
    public static DryDevice ideal(DType computeType) {
        return new DryDevice(computeType, 0, KernelTable.ofNothing(), new Memory(null));
    }

    @Override
    public DeviceInfo info() {
        return new DeviceInfo("dry", "accounts for memory, computes nothing", memoryBytes, null);
    }

    @Override
    public DType computeType() {
        return computeType;
    }

    @Override
    public DeviceMemory memory() {
        return memory;
    }

    @Override
    public KernelTable kernels() {
        return kernels;
    }

    @Override
    public void synchronize() {
        memory.lifetime.requireOpen(); // nothing is ever under way
    }

    @Override
    public void close() {
        memory.lifetime.end();
    }

    /** A number of bytes that nobody holds. */
    private static final class Block extends Storage {
        private final long bytes;
        private final LongConsumer onFree;

        Block(long bytes, LongConsumer onFree) {
            this.bytes = bytes;
            this.onFree = onFree;
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        protected void free() {
            onFree.accept(bytes);
        }
    }

    private static final class Memory implements DeviceMemory {
        private final Lifetime lifetime = new Lifetime("the dry device");
        private final DeviceMemory pattern;
        private long scratchBytes;
        private long peakScratchBytes;
        private long weightBytes;
        private long peakWeightBytes;
        private long hostBytes;
        private long peakHostBytes;

        /**
         * @param pattern whose forms of weights count; null for those of the file
         */
        Memory(DeviceMemory pattern) {
            this.pattern = pattern;
        }

        /** Takes so much for a moment. */
        private void touch(long bytes) {
            peakScratchBytes = Math.max(peakScratchBytes, scratchBytes + bytes);
        }

        @Override
        public Storage allocate(DType dtype, long numel) {
            lifetime.requireOpen();
            long bytes = dtype.bytes(numel);
            scratchBytes += bytes;
            touch(0);
            return new Block(bytes, size -> scratchBytes -= size);
        }

        @Override
        public Tensor adopt(DType dtype, Shape shape, ByteBuffer data) {
            lifetime.requireOpen();
            DType kept = keeps(dtype, shape);
            if (kept != dtype) {
                touch(dtype.bytes(shape.numel())); // as it is in the file, to be converted
            }
            return Tensor.contiguous(weight(kept.bytes(shape.numel())), kept, shape);
        }

        private Block weight(long bytes) {
            weightBytes += bytes;
            peakWeightBytes = Math.max(peakWeightBytes, weightBytes);
            return new Block(bytes, size -> weightBytes -= size);
        }

        @Override
        public WeightTurns turns(int blocks, long blockBytes) {
            lifetime.requireOpen();
            return new Turns(blockBytes);
        }

        private final class Turns implements WeightTurns {
            private final Block places;
            private long ownBytes;

            Turns(long blockBytes) {
                places = weight(2 * blockBytes);
            }

            @Override
            public Tensor add(int block, DType dtype, Shape shape, ByteBuffer data) {
                lifetime.requireOpen();
                DType kept = keeps(dtype, shape);
                long bytes = kept.bytes(shape.numel());
                if (kept != dtype) {
                    touch(dtype.bytes(shape.numel()) + bytes); // converted on the device
                }
                ownBytes += bytes;
                hostBytes += bytes;
                peakHostBytes = Math.max(peakHostBytes, hostBytes);
                return Tensor.contiguous(new Block(bytes, size -> {}), kept, shape);
            }

            @Override
            public void close() {
                places.release();
                hostBytes -= ownBytes;
            }
        }

        @Override
        public DType keeps(DType dtype, Shape shape) {
            return pattern == null ? dtype : pattern.keeps(dtype, shape);
        }

        @Override
        public boolean mapsWeights() {
            return pattern != null && pattern.mapsWeights();
        }

        @Override
        public int rankMultiple() {
            return pattern == null ? 1 : pattern.rankMultiple();
        }

        @Override
        public void write(ByteBuffer source, Tensor target) {
            requireAlive(target); // goes nowhere
        }

        @Override
        public void read(Tensor source, ByteBuffer target) {
            requireAlive(source); // a fresh buffer is all zeros already
        }

        @Override
        public void copy(Tensor source, Tensor target) {
            requireAlive(source);
            requireAlive(target); // goes nowhere
        }

        private void requireAlive(Tensor tensor) {
            lifetime.requireOpen();
            tensor.requireAlive();
        }

        @Override
        public MemoryStats stats() {
            return new MemoryStats(
                    scratchBytes,
                    peakScratchBytes,
                    weightBytes,
                    peakWeightBytes,
                    0,
                    hostBytes,
                    peakHostBytes);
        }

        @Override
        public void resetPeak() {
            peakScratchBytes = scratchBytes;
            peakWeightBytes = weightBytes;
            peakHostBytes = hostBytes;
        }
    }
}

package glance.backend.cuda;

import glance.api.DeviceException;
import glance.backend.TurnOrder;
import glance.backend.WeightTurns;
import glance.backend.cuda.driver.Driver;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Weights in pinned memory that take turns in two places on the GPU.
 *
 * <pre>
 *   compute   | kernels of block 0 |     kernels of block 1     |  kernels of block 2
 *             ^ waits for copy 0   |left ^ waits for copy 1     |left
 *   copies    copy 0 | copy 1      |     copy 2 (place 0) ..... |  copy 3 (place 1)
 * </pre>
 *
 * A copy waits until the kernels queued so far have left its place, and kernels wait until the copy
 * has arrived; the host waits for neither. The address of a weight is asked for when the launch
 * that reads it is made, and no launch reads weights of two blocks: so when a block is asked for,
 * all launches that read the one before are queued, and its place can be promised to the next.
 */
final class CudaTurns implements WeightTurns {
    private static final int PLACES = 2;

    private final CudaMemory memory;
    private final Driver driver;
    private final long stream;
    private final long copyStream;
    private final long left;
    private final long blockBytes;
    private final List<Block> blocks = new ArrayList<>();
    private final TurnOrder order;
    private final Place[] places = new Place[PLACES];

    /** How to give back what the driver has made, the last first. */
    private final Deque<Runnable> made = new ArrayDeque<>();

    private int current;
    private long hostBytes;
    private boolean closed;

    /** A block in host memory. */
    private static final class Block {
        final List<ByteBuffer> weights = new ArrayList<>();
        final List<Long> offsets = new ArrayList<>();
        long bytes;
    }

    /** Room for a block. */
    private static final class Place {
        final BlockPool.Block memory;
        final long arrived;
        int block = -1; // that is there, or on its way
        int weights; // of it

        Place(BlockPool.Block memory, long arrived) {
            this.memory = memory;
            this.arrived = arrived;
        }
    }

    /**
     * @param stream of the kernels
     * @param blockBytes of the largest block
     */
    CudaTurns(CudaMemory memory, Driver driver, long stream, int blocks, long blockBytes) {
        this.memory = memory;
        this.driver = driver;
        this.stream = stream;
        this.blockBytes = blockBytes;
        this.order = new TurnOrder(blocks);
        for (int i = 0; i < blocks; i++) {
            this.blocks.add(new Block());
        }
        try {
            for (int i = 0; i < PLACES; i++) {
                BlockPool.Block room = memory.takePlace(blockBytes);
                made.push(() -> memory.givePlace(room, blockBytes));
                places[i] = new Place(room, event());
            }
            copyStream = driver.createStream();
            made.push(() -> driver.destroyStream(copyStream));
            left = event();
        } catch (DeviceException e) {
            giveBack();
            throw e;
        }
    }

    private long event() {
        long event = driver.createEvent();
        made.push(() -> driver.destroyEvent(event));
        return event;
    }

    private void giveBack() {
        while (!made.isEmpty()) {
            made.pop().run();
        }
    }

    @Override
    public Tensor add(int block, DType dtype, Shape shape, ByteBuffer data) {
        DType kept = memory.keeps(dtype, shape);
        ByteBuffer pinned = pinned(Math.toIntExact(kept.bytes(shape.numel())));
        try {
            memory.fill(pinned, kept, dtype, shape, data);
        } catch (RuntimeException | Error e) {
            release(pinned);
            throw e;
        }
        Block own = blocks.get(block);
        long offset = own.bytes;
        own.weights.add(pinned);
        own.offsets.add(offset);
        own.bytes += WeightTurns.bytesInBlock(kept, shape);
        if (own.bytes > blockBytes) {
            throw new IllegalArgumentException(
                    "block " + block + " has more than " + blockBytes + " bytes");
        }
        CudaStorage storage =
                new CudaStorage(
                        () -> address(block) + offset,
                        pinned.capacity(),
                        memory.lifetime(),
                        freed -> {});
        return Tensor.contiguous(storage, kept, shape);
    }

    private void release(ByteBuffer pinned) {
        driver.freePinned(pinned);
        hostBytes -= pinned.capacity();
        memory.heldOnHost(-pinned.capacity());
    }

    private ByteBuffer pinned(int bytes) {
        try {
            ByteBuffer buffer = driver.allocatePinned(bytes);
            hostBytes += bytes;
            memory.heldOnHost(bytes);
            return buffer;
        } catch (DeviceException e) {
            throw new DeviceException(
                    "no host memory for weights that stream to the GPU: "
                            + hostBytes
                            + " bytes are pinned, "
                            + bytes
                            + " more were refused ("
                            + e.getMessage()
                            + "); take quantised weights, or let more of them stay on the device"
                            + " (--memory)",
                    e);
        }
    }

    /** Where a block is for the launch that is being made. */
    private long address(int block) {
        if (closed) {
            throw new IllegalStateException("a weight was read after its model was closed");
        }
        Place place = places[current];
        if (place.block != block || place.weights < blocks.get(block).weights.size()) {
            place = turnTo(block);
        }
        return place.memory.address();
    }

    private Place turnTo(int block) {
        int there = places[current].block == block ? current : 1 - current;
        Place place = places[there];
        bring(block, place);
        driver.waitEvent(stream, place.arrived);
        if (there != current) {
            current = there;
            int ahead = order.next(block);
            if (ahead != block && !blocks.get(ahead).weights.isEmpty()) {
                bring(ahead, places[1 - current]);
            }
        }
        return place;
    }

    /** Queues the copy of what a place lacks of a block. */
    private void bring(int block, Place place) {
        Block wanted = blocks.get(block);
        if (place.block == block && place.weights == wanted.weights.size()) {
            return;
        }
        driver.record(left, stream);
        driver.waitEvent(copyStream, left);
        if (place.block != block) {
            driver.renew(place.memory.address(), blockBytes);
            place.block = block;
            place.weights = 0;
        }
        for (int i = place.weights; i < wanted.weights.size(); i++) {
            long target = place.memory.address() + wanted.offsets.get(i);
            driver.upload(wanted.weights.get(i), target, copyStream);
        }
        place.weights = wanted.weights.size();
        driver.record(place.arrived, copyStream);
    }

    @Override
    public void close() {
        if (closed || memory.lifetime().isOver()) {
            return;
        }
        closed = true;
        driver.synchronize(copyStream);
        driver.synchronize(stream);
        giveBack();
        blocks.forEach(block -> block.weights.forEach(driver::freePinned));
        memory.heldOnHost(-hostBytes);
        memory.closed(this);
    }
}

package glance.backend.cuda;

import glance.api.DeviceException;
import glance.backend.cuda.driver.Driver;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/**
 * Blocks of device memory for reuse. All work runs in order on one stream, so a freed block may be
 * handed out while a kernel queued before still uses it. A pool may have a parent, from which it
 * takes what it lacks, and which gets everything back in the end.
 */
final class BlockPool {
    /** Blocks are multiples of this, so that nearly equal sizes share. */
    private static final long GRANULE_BYTES = 512;

    private final Driver driver;
    private final BlockPool parent; // null: the driver
    private final long mostBytes;
    private final TreeMap<Long, ArrayDeque<Long>> free = new TreeMap<>();
    private long freeBytes;
    private long heldBytes;

    BlockPool(Driver driver) {
        this(driver, 0);
    }

    /**
     * @param mostBytes that it takes of the driver; 0 for what there is
     */
    BlockPool(Driver driver, long mostBytes) {
        this(driver, null, mostBytes == 0 ? Long.MAX_VALUE : mostBytes);
    }

    private BlockPool(Driver driver, BlockPool parent, long mostBytes) {
        this.driver = driver;
        this.parent = parent;
        this.mostBytes = mostBytes;
    }

    /** An empty pool that takes from this one. */
    BlockPool child() {
        return new BlockPool(driver, this, mostBytes);
    }

    /** A block. */
    record Block(long address, long capacity) {}

    /** A block with undefined content. */
    Block take(long bytes) {
        long capacity = capacity(bytes);
        // up to an eighth may be wasted: more would starve later, larger requests
        Block block = kept(bytes, capacity + capacity / 8);
        if (block != null) {
            return block;
        }
        return parent == null ? fresh(bytes) : parent.take(bytes);
    }

    /** A kept block of any size that is large enough, of this pool or its parents, or null. */
    Block takeKept(long bytes) {
        Block block = kept(bytes, Long.MAX_VALUE);
        return block != null || parent == null ? block : parent.takeKept(bytes);
    }

    private Block kept(long bytes, long mostCapacity) {
        Map.Entry<Long, ArrayDeque<Long>> entry = free.ceilingEntry(capacity(bytes));
        if (entry == null || entry.getKey() > mostCapacity) {
            return null;
        }
        long address = remove(entry);
        driver.renew(address, bytes);
        return new Block(address, entry.getKey());
    }

    private static long capacity(long bytes) {
        return Math.max(1, (bytes + GRANULE_BYTES - 1) / GRANULE_BYTES) * GRANULE_BYTES;
    }

    /** A block that no queued work uses. */
    Block fresh(long bytes) {
        long capacity = capacity(bytes);
        long address = allocate(capacity);
        if (address == 0) {
            clear();
            address = allocate(capacity);
        }
        if (address == 0) {
            throw DeviceException.outOfMemory(
                    "out of memory on the CUDA device: asked for "
                            + bytes
                            + " bytes, "
                            + heldBytes
                            + " in use of "
                            + Math.min(mostBytes, driver.gpu().memoryBytes())
                            + "; make a smaller picture or a smaller batch"
                            + (mostBytes < driver.gpu().memoryBytes()
                                    ? ", or allow more memory (--memory)"
                                    : ""),
                    null);
        }
        heldBytes += capacity;
        driver.renew(address, bytes);
        return new Block(address, capacity);
    }

    private long allocate(long capacity) {
        return heldBytes + capacity > mostBytes ? 0 : driver.allocate(capacity);
    }

    /** Keeps a block for reuse. */
    void give(Block block) {
        free.computeIfAbsent(block.capacity, key -> new ArrayDeque<>()).push(block.address);
        freeBytes += block.capacity;
    }

    /** Gives all kept blocks to the parent. */
    void giveAllBack() {
        while (!free.isEmpty()) {
            Map.Entry<Long, ArrayDeque<Long>> entry = free.firstEntry();
            parent.give(new Block(remove(entry), entry.getKey()));
        }
    }

    /** Gives a block back to the driver, after all queued work is done. */
    void drop(Block block) {
        driver.free(block.address);
        heldBytes -= block.capacity;
    }

    private long remove(Map.Entry<Long, ArrayDeque<Long>> entry) {
        long address = entry.getValue().pop();
        if (entry.getValue().isEmpty()) {
            free.remove(entry.getKey());
        }
        freeBytes -= entry.getKey();
        return address;
    }

    /** Bytes kept for reuse. */
    long freeBytes() {
        return freeBytes;
    }

    /** Gives all kept blocks back to the driver. */
    void clear() {
        while (!free.isEmpty()) {
            Map.Entry<Long, ArrayDeque<Long>> entry = free.firstEntry();
            drop(new Block(remove(entry), entry.getKey()));
        }
    }
}

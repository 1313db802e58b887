package glance.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.DeviceException;
import glance.api.MemoryStats;
import glance.tensor.DType;
import glance.tensor.Shape;
import glance.tensor.Storage;
import glance.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CpuMemoryTest {
    private final CpuMemory memory = new CpuMemory();

    @Test
    void stats_countWhatIsAlive_itsPeakAndThePool() {
        Storage a = memory.allocate(DType.F32, 100);
        Storage b = memory.allocate(DType.I32, 50);
        assertThat(memory.stats()).isEqualTo(new MemoryStats(600, 600, 0, 0, 0));
        a.release();
        assertThat(memory.stats()).isEqualTo(new MemoryStats(200, 600, 0, 0, 400));
        memory.resetPeak();
        assertThat(memory.stats()).isEqualTo(new MemoryStats(200, 200, 0, 0, 400));
        b.release();
        assertThat(memory.stats()).isEqualTo(new MemoryStats(0, 200, 0, 0, 400));
    }

    @Test
    void allocate_takesAFreedBlockThatFits_andCountsTheWholeBlock() {
        memory.allocate(DType.F32, 1000).release();
        Storage smaller = memory.allocate(DType.F32, 900);
        assertThat(memory.stats()).isEqualTo(new MemoryStats(4000, 4000, 0, 0, 0));
        smaller.release();
        Storage tooSmall = memory.allocate(DType.F32, 600);
        assertThat(memory.stats().scratchBytes()).isEqualTo(2400);
        assertThat(memory.stats().pooledBytes()).isEqualTo(4000);
        tooSmall.release();
    }

    @Test
    void manyEqualSteps_soonAllocateNothing() {
        int[] step = {64, 4096, 100, 4096, 700, 64, 9000};
        run(step);
        run(step);
        MemoryStats settled = memory.stats();
        for (int i = 0; i < 1000; i++) {
            run(step);
        }
        assertThat(memory.stats()).isEqualTo(settled);
    }

    /** Two blocks are alive at a time. */
    private void run(int[] sizes) {
        Deque<Storage> alive = new ArrayDeque<>();
        for (int size : sizes) {
            alive.add(memory.allocate(DType.F32, size));
            if (alive.size() > 2) {
                alive.remove().release();
            }
        }
        alive.forEach(Storage::release);
    }

    @Test
    void growingSizes_doNotFillThePool() {
        for (int size = 1; size <= 5000; size++) {
            memory.allocate(DType.F32, size).release();
        }
        assertThat(memory.stats().pooledBytes()).isBetween(4 * 5000L, 2 * 4 * 5000L);
    }

    @Test
    void randomSizes_keepUsedAndPooledBelowTwiceThePeak() {
        Random random = new Random(1);
        Deque<Storage> alive = new ArrayDeque<>();
        for (int i = 0; i < 20_000; i++) {
            alive.add(memory.allocate(DType.F32, random.nextInt(3000)));
            if (alive.size() > 5) {
                alive.remove().release();
            }
            MemoryStats stats = memory.stats();
            assertThat(stats.scratchBytes() + stats.pooledBytes())
                    .isLessThanOrEqualTo(2 * stats.peakScratchBytes());
        }
        alive.forEach(Storage::release);
        assertThat(memory.stats().scratchBytes()).isZero();
    }

    @Test
    void adopt_keepsMatricesAsTheyLieAndWidensVectors() {
        Tensor matrix = memory.adopt(DType.BF16, Shape.of(3, 5), ByteBuffer.allocateDirect(30));
        Tensor vector = memory.adopt(DType.BF16, Shape.of(5), ByteBuffer.allocateDirect(10));
        assertThat(matrix.dtype()).isEqualTo(DType.BF16);
        assertThat(vector.dtype()).isEqualTo(DType.F32);
        assertThat(memory.stats()).isEqualTo(new MemoryStats(0, 0, 30 + 20, 30 + 20, 0));
        matrix.storage().release();
        vector.storage().release();
        assertThat(memory.stats().weightBytes()).isZero();
    }

    @Test
    void moreElementsThanAnArrayHolds_areRefused() {
        assertThatThrownBy(() -> memory.allocate(DType.F32, 1L << 31))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "the CPU device holds at most 2^31 elements in one tensor, asked for"
                                + " 2147483648");
    }

    @Test
    void heapTooSmall_saysWhatWasAskedAndTheRemedy() {
        assertThat(4L * Integer.MAX_VALUE).isGreaterThan(Runtime.getRuntime().maxMemory());
        Storage pooled = memory.allocate(DType.F32, 10);
        pooled.release();
        assertThatThrownBy(() -> memory.allocate(DType.F32, Integer.MAX_VALUE - 64))
                .isInstanceOf(DeviceException.class)
                .hasMessageContainingAll(
                        "asked for 8589934332 bytes", "0 in use", "raise it with -Xmx");
        assertThat(memory.stats().pooledBytes()).as("given up before giving up").isZero();
    }

    @Test
    void releasingTwice_isAnError() {
        Storage storage = memory.allocate(DType.F32, 1);
        storage.release();
        assertThat(storage.isFreed()).isTrue();
        assertThatThrownBy(storage::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("storage released more often than retained");
        assertThatThrownBy(storage::retain)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("storage used after it was freed");
    }

    @Test
    void retainedStorage_livesUntilTheLastRelease() {
        Storage storage = memory.allocate(DType.F32, 10);
        storage.retain();
        storage.release();
        assertThat(memory.stats().scratchBytes()).isEqualTo(40);
        storage.release();
        assertThat(memory.stats().scratchBytes()).isZero();
    }
}

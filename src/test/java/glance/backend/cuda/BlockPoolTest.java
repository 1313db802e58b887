package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.api.DeviceException;
import glance.backend.cuda.driver.EmulatedDriver;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
    private static final long KIB = 1 << 10;

    private CountingDriver driver;
    private BlockPool pool;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        driver = new CountingDriver(new EmulatedDriver(), Set.of());
        pool = new BlockPool(driver.driver());
    }

    @AfterEach
    void close() {
        if (pool != null) {
            pool.clear();
            driver.driver().close();
        }
    }

    @Test
    void take_reusesABlockOfNearlyTheSize_butNotALargeOne() {
        BlockPool.Block block = pool.take(16 * KIB);
        pool.give(block);
        assertThat(pool.take(15 * KIB)).isEqualTo(block);
        pool.give(block);
        BlockPool.Block small = pool.take(KIB);
        assertThat(small).isNotEqualTo(block);
        pool.give(small);
    }

    @Test
    void takeKept_givesALargeBlock_andNeverAsksTheDriver() {
        BlockPool.Block block = pool.take(16 * KIB);
        pool.give(block);
        driver.take();
        BlockPool child = pool.child();
        assertThat(child.takeKept(32 * KIB)).isNull();
        assertThat(child.takeKept(KIB)).isEqualTo(block);
        assertThat(child.takeKept(KIB)).isNull();
        assertThat(driver.take()).doesNotContainKey("allocate");
        pool.give(block);
    }

    @Test
    void noRoom_isSaidWithTheNumbers_andTheLimitOfTheUser() {
        BlockPool limited = new BlockPool(driver.driver(), 64 * KIB);
        assertThatThrownBy(() -> limited.take(65 * KIB))
                .isInstanceOf(DeviceException.class)
                .hasMessage(
                        "out of memory on the CUDA device: asked for 66560 bytes, 0 in use of 65536;"
                                + " make a smaller picture or a smaller batch, or allow more memory"
                                + " (--memory)");
        long more = driver.driver().gpu().memoryBytes() + KIB;
        assertThatThrownBy(() -> pool.take(more)).hasMessageEndingWith("or a smaller batch");
    }

    @Test
    void fresh_isNeverABlockThatWasGivenBack() {
        BlockPool.Block block = pool.take(16 * KIB);
        pool.give(block);
        BlockPool.Block fresh = pool.fresh(16 * KIB);
        assertThat(fresh).isNotEqualTo(block);
        pool.drop(fresh);
    }

    @Test
    void child_takesFromItsParent_andKeepsUntilItGivesAllBack() {
        BlockPool child = pool.child();
        BlockPool.Block block = pool.take(16 * KIB);
        pool.give(block);
        assertThat(child.take(16 * KIB)).isEqualTo(block);
        child.give(block);
        BlockPool.Block other = pool.take(16 * KIB);
        assertThat(other).isNotEqualTo(block);
        pool.give(other);
        child.giveAllBack();
        assertThat(child.freeBytes()).isZero();
        assertThat(pool.freeBytes()).isEqualTo(32 * KIB);
    }
}

package glance.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.backend.Replay;
import glance.backend.cuda.driver.Driver;
import glance.backend.cuda.driver.EmulatedDriver;
import glance.tensor.DType;
import glance.tensor.Storage;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GraphsTest {
    private CountingDriver counting;
    private Driver driver;
    private CudaMemory memory;
    private Graphs graphs;
    private int runs;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        counting = new CountingDriver(new EmulatedDriver(), Set.of());
        driver = counting.driver();
        memory = new CudaMemory(driver, 0, DType.F32);
        graphs = new Graphs(driver, 0, memory);
    }

    @AfterEach
    void close() {
        if (memory != null) {
            memory.close();
            driver.close();
        }
    }

    private void take(long bytes) {
        Storage storage = memory.allocate(DType.U8, bytes);
        storage.release();
    }

    private int launches() {
        return counting.take().getOrDefault("launchGraph", 0);
    }

    @Test
    void work_isLaunchedAsAGraphFromItsSecondRunOn() {
        try (Replay replay = graphs.replay(() -> take(1000))) {
            replay.run();
            assertThat(launches()).isZero();
            replay.run();
            assertThat(launches()).isEqualTo(1);
        }
    }

    /** A driver that is asked for memory during a capture refuses the capture. */
    @Test
    void captureThatLacksMemory_isTriedAgain_andLaterWorkHasGraphs() {
        try (Replay growing = graphs.replay(() -> take(++runs == 1 ? 1000 : 50_000))) {
            growing.run();
            growing.run();
            assertThat(launches()).isZero();
            growing.run();
            assertThat(launches()).isEqualTo(1);
        }
        try (Replay later = graphs.replay(() -> take(1000))) {
            later.run();
            later.run();
            assertThat(launches()).isEqualTo(1);
        }
    }

    @Test
    void workThatAlwaysNeedsMore_runsWithoutAGraph_andLaterWorkHasOne() {
        try (Replay growing = graphs.replay(() -> take(1000L << ++runs))) {
            for (int i = 0; i < 12; i++) {
                growing.run();
            }
            assertThat(counting.take())
                    .doesNotContainKey("launchGraph")
                    .containsEntry("beginCapture", 8);
        }
        try (Replay later = graphs.replay(() -> take(1000))) {
            later.run();
            later.run();
            assertThat(launches()).isEqualTo(1);
        }
    }
}

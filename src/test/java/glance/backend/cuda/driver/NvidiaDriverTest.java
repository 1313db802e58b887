package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way through JCuda's native binding to NVIDIA's driver. */
class NvidiaDriverTest {
    @TempDir private Path folder;

    @Test
    void calls_reachTheDriverAsMeant() throws Exception {
        StandIns standIns = new StandIns(folder);
        standIns.add("cuda.cpp", "libcuda.so.1");
        assertThat(standIns.run(BoundDriver.class))
                .containsExactly(
                        "1 Gpu[name=Stand-in, computeCapability=89, multiprocessors=108,"
                                + " memoryBytes=3221225472, sharedBytes=101376,"
                                + " driverVersion=12060]",
                        "constant 8",
                        "out of memory 0",
                        "CUDA: cuModuleGetFunction mist failed: CUDA_ERROR_NOT_FOUND, named"
                                + " symbol not found",
                        "mixed [1030.25, 1030.75, 1031.25, 1031.75]",
                        "replayed",
                        "CUDA: mix<<<(7, 1, 1), 96, 0>>> failed: CUDA_ERROR_INVALID_VALUE,"
                                + " something else",
                        "millis 1.5");
    }
}

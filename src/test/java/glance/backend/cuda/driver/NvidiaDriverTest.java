package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The way through JCuda's native binding to NVIDIA's driver. */
class NvidiaDriverTest {
    private static final String GPUS =
            "gpus=[Gpu[name=Stand-in, computeCapability=89, multiprocessors=108,"
                    + " memoryBytes=3221225472, sharedBytes=101376, driverVersion=12060],"
                    + " Gpu[name=Stand-in H, computeCapability=90, multiprocessors=108,"
                    + " memoryBytes=3221225472, sharedBytes=232448, driverVersion=12060]]";

    private static final List<String> USED =
            List.of(
                    "2 Gpu[name=Stand-in, computeCapability=89, multiprocessors=108,"
                            + " memoryBytes=3221225472, sharedBytes=101376,"
                            + " driverVersion=12060]",
                    "constant 8",
                    "free 2952790016",
                    "out of memory 0",
                    "CUDA: cuModuleGetFunction mist failed: CUDA_ERROR_NOT_FOUND, named"
                            + " symbol not found",
                    "mixed [1030.25, 1030.75, 1031.25, 1031.75]",
                    "replayed",
                    "CUDA: mix<<<(7, 1, 1), 96, 0>>> failed: CUDA_ERROR_INVALID_VALUE,"
                            + " something else",
                    "millis 1.5");

    @TempDir private Path folder;
    private StandIns standIns;

    @BeforeEach
    void add() throws Exception {
        standIns = new StandIns(folder);
        standIns.add("cuda.cpp", "libcuda.so.1");
    }

    @Test
    void calls_reachTheDriverAsMeant() throws Exception {
        assertThat(standIns.run(BoundDriver.class, "use")).containsExactlyElementsOf(USED);
        assertThat(standIns.run(BoundDriver.class, "find"))
                .containsExactly("Search[" + GPUS + ", problem=null]");
    }

    /** What older drivers answer, and what drivers of newer GPUs do. */
    @ParameterizedTest
    @ValueSource(strings = {"200", "209", "222"})
    void driverThatRefusesTheMachineCode_compilesThePtx(String error) throws Exception {
        List<String> lines = standIns.with("STAND_IN_REFUSES", error).run(BoundDriver.class, "use");
        assertThat(lines).containsAll(USED);
        assertThat(lines)
                .filteredOn(line -> line.contains("compiles the kernels when they are first used"))
                .hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void driverBeforeCuda12_isRefusedWithWhatIsNeeded() throws Exception {
        assertThat(standIns.with("STAND_IN_VERSION", "11040").run(BoundDriver.class, "find"))
                .containsExactly(
                        "Search[gpus=[], problem=the NVIDIA driver is for CUDA 11.4, the kernels"
                                + " need one for CUDA 12.0 or newer (525 or newer); update the"
                                + " driver]");
    }

    /** The kernel has arrays of 1 KB, and Hopper keeps another one. */
    @Test
    void sharedMemoryAbove48Kilobytes_isAskedFor() throws Exception {
        assertThat(standIns.run(BoundDriver.class, "share"))
                .containsExactly(
                        "48128 bytes",
                        "49152 bytes",
                        "100352 bytes",
                        "49152 bytes",
                        "mix<<<(3, 2, 1), 96, 100353>>> needs 101377 bytes of shared memory, 1024"
                                + " of them for its arrays; a block of Stand-in has at most 101376",
                        "48128 bytes",
                        "49152 bytes",
                        "230400 bytes",
                        "49152 bytes",
                        "mix<<<(3, 2, 1), 96, 230401>>> needs 231425 bytes of shared memory, 1024"
                                + " of them for its arrays; a block of Stand-in H has at most"
                                + " 231424");
    }

    /** JCuda does not bind the function. */
    @Test
    void tensorMap_isMadeByTheDriver() throws Exception {
        assertThat(standIns.run(BoundDriver.class, "map"))
                .containsExactly(
                        "2",
                        "[9, 2, 4096, 3072, 513, 6400, 64, 128, 1, 1, 0, 3, 3, 0, 70, 71]",
                        "CUDA: cuTensorMapEncodeTiled of TensorTiles[dtype=F32, address=4096,"
                                + " sizes=[4], strides=[], box=[4], swizzled=false] failed with 1");
    }

    @Test
    void twoGpusOnOneThread_keepTheirContexts() throws Exception {
        assertThat(standIns.run(BoundDriver.class, "alternate")).containsExactly("both");
    }

    @Test
    void faultOfAKernel_comesWithTheWayToItsName() throws Exception {
        assertThat(standIns.with("STAND_IN_FAULT", "1").run(BoundDriver.class, "share"))
                .contains(
                        "CUDA: cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS, an illegal"
                                + " memory access was encountered (in a kernel that was launched"
                                + " before; java -Dglance.cuda.sync=true ... names it)");
    }

    /** Anybody may write to the temporary folder, where JCuda looks by itself. */
    @Test
    void libraryPlantedInTheTemporaryFolder_isNotLoaded() throws Exception {
        standIns.add(
                "planted.cpp",
                StandIns.TEMPORARY + "libJCudaDriver-" + JCudaVersion.get() + "-linux-x86_64.so");
        assertThat(standIns.run(BoundDriver.class, "find"))
                .containsExactly("Search[" + GPUS + ", problem=null]");
        assertThat(Files.exists(folder.resolve("planted-was-here"))).isFalse();
    }

    @Test
    void driverThatDoesNotLoad_isSaidInOneLine() throws Exception {
        Files.delete(folder.resolve("libcuda.so.1"));
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library, but long enough to look");
        assertThat(standIns.run(BoundDriver.class, "find"))
                .singleElement()
                .asString()
                .startsWith("Search[gpus=[], problem=the NVIDIA driver cannot be loaded: ")
                .contains("libcuda.so.1: ");
    }
}

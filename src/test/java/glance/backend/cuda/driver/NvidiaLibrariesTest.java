package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way through JCuda's native bindings to cuBLAS and cuDNN. */
class NvidiaLibrariesTest {
    @TempDir private Path folder;
    private StandIns standIns;

    @BeforeEach
    void open() throws Exception {
        standIns = new StandIns(folder);
    }

    @Test
    void calls_reachTheLibrariesAsMeant() throws Exception {
        standIns.addVersioned("cublas.cpp", "libcublas.so.12");
        standIns.addVersioned("cudnn.cpp", "libcudnn.so.8");
        assertThat(standIns.run(BoundLibraries.class, "find"))
                .containsExactly("cublas: found", "cudnn: found");
        assertThat(standIns.run(BoundLibraries.class, "use"))
                .containsExactly(
                        "cublas: F32 right",
                        "cublas: BF16 right",
                        "cudnn: F32 right",
                        "cudnn: BF16 right");
    }

    @Test
    void librariesPlantedInTheTemporaryFolder_areNotLoaded() throws Exception {
        for (String binding : List.of("JCublas2", "JCudnn")) {
            String name = "lib" + binding + "-" + JCudaVersion.get() + "-linux-x86_64.so";
            standIns.add("planted.cpp", StandIns.TEMPORARY + name);
        }
        standIns.run(BoundLibraries.class, "find");
        assertThat(Files.exists(folder.resolve("planted-was-here"))).isFalse();
    }

    @Test
    void libraryThatIsMissing_isNamedWithTheRemedy() throws Exception {
        List<String> lines = standIns.run(BoundLibraries.class, "find");
        assumeTrue(lines.stream().noneMatch(line -> line.endsWith("found")), "libraries exist");
        String notFound = ": cannot open shared object file: No such file or directory; install ";
        assertThat(lines)
                .containsExactly(
                        "cublas: cuBLAS cannot be loaded: libcublas.so.12"
                                + notFound
                                + "cuBLAS 12 and name its folder in LD_LIBRARY_PATH",
                        "cudnn: cuDNN cannot be loaded: libcudnn.so.8"
                                + notFound
                                + "cuDNN 8 for CUDA 12 and name its folder in LD_LIBRARY_PATH");
    }
}

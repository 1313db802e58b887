package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way through JCuda's native bindings to cuBLAS and cuDNN, with libraries of the same names and
 * functions that compute on the CPU (src/test/resources/glance/libraries).
 */
class NvidiaLibrariesTest {
    @TempDir private Path folder;

    @BeforeEach
    void needsLinuxAndACompiler() {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the bindings are for x86-64");
        assumeTrue(EmulatorBuild.problem() == null, EmulatorBuild.problem());
    }

    @Test
    void calls_reachTheLibrariesAsMeant() throws Exception {
        compile("cublas.cpp", "libcublas.so.12");
        compile("cudnn.cpp", "libcudnn.so.8");
        assertThat(run("find")).containsExactly("cublas: found", "cudnn: found");
        assertThat(run("use"))
                .containsExactly(
                        "cublas: F32 right",
                        "cublas: BF16 right",
                        "cudnn: F32 right",
                        "cudnn: BF16 right");
    }

    @Test
    void libraryThatIsMissing_isNamedWithTheRemedy() throws Exception {
        String notFound = ": cannot open shared object file: No such file or directory; install ";
        List<String> lines = run("find");
        assumeTrue(lines.stream().noneMatch(line -> line.endsWith("found")), "libraries exist");
        assertThat(lines)
                .containsExactly(
                        "cublas: cuBLAS cannot be loaded: libcublas.so.12"
                                + notFound
                                + "cuBLAS 12 and name its folder in LD_LIBRARY_PATH",
                        "cudnn: cuDNN cannot be loaded: libcudnn.so.8"
                                + notFound
                                + "cuDNN 8 for CUDA 12 and name its folder in LD_LIBRARY_PATH");
    }

    private void compile(String source, String library) throws Exception {
        for (String name : List.of(source, "elements.h")) {
            try (InputStream stream = getClass().getResourceAsStream("/glance/libraries/" + name)) {
                Files.write(folder.resolve(name), stream.readAllBytes());
            }
        }
        // the bindings ask for the symbols of this version of the library
        Files.writeString(folder.resolve("versions"), library + " { global: *; };");
        start(
                List.of(
                        "g++",
                        "-std=c++17",
                        "-O2",
                        "-shared",
                        "-fPIC",
                        source,
                        "-o",
                        library,
                        "-Wl,-soname," + library,
                        "-Wl,--version-script=versions"));
    }

    private List<String> run(String what) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Djava.io.tmpdir=" + folder);
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(BoundLibraries.class.getName(), what));
        return start(command).lines().toList();
    }

    private String start(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().put("LD_LIBRARY_PATH", folder.toString());
        Process process = builder.redirectErrorStream(true).start();
        String output;
        try (InputStream stream = process.getInputStream()) {
            output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}

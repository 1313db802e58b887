package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The code for GPUs in the repository belongs to the sources beside it. */
class KernelFilesTest {
    private static final Path KERNELS = Paths.get("kernels");
    private static final Pattern LOST = Pattern.compile("// Lost to (\\w+\\.cu): ");

    @Test
    void kernels_areAllTheKernelFilesThereAre() throws IOException {
        try (Stream<Path> files = Files.list(KERNELS)) {
            assertThat(
                            files.map(file -> file.getFileName().toString())
                                    .filter(name -> name.endsWith(".cu"))
                                    .map(name -> name.substring(0, name.length() - 3)))
                    .containsExactlyInAnyOrderElementsOf(KernelFiles.KERNELS);
        }
    }

    @Test
    void kernelsOfTheLab_sayWhatTheyLostTo_andAreNoResources() throws IOException {
        String readme = Files.readString(KERNELS.resolve("lab/README.md"));
        try (Stream<Path> files = Files.list(KERNELS.resolve("lab"))) {
            List<Path> kernels = files.filter(file -> file.toString().endsWith(".cu")).toList();
            assertThat(kernels).isNotEmpty();
            for (Path kernel : kernels) {
                String name = kernel.getFileName().toString();
                Matcher lost = LOST.matcher(Files.readString(kernel));
                assertThat(lost.find()).as("'Lost to' in %s", name).isTrue();
                assertThat(KERNELS.resolve(lost.group(1))).isRegularFile();
                assertThat(readme).contains("(" + name + ")", "(../" + lost.group(1) + ")");
                assertThat(KernelFiles.class.getResource("/glance/kernels/lab/" + name)).isNull();
            }
        }
    }

    @Test
    void emulatorSources_areAllTheOtherFilesThereAre() throws IOException {
        try (Stream<Path> files =
                Stream.concat(
                        Files.list(KERNELS.resolve("include")),
                        Files.list(KERNELS.resolve("emulator")))) {
            assertThat(files.map(file -> KERNELS.relativize(file).toString()))
                    .containsExactlyInAnyOrderElementsOf(KernelFiles.emulatorSources());
        }
    }

    @Test
    void prebuiltCode_wasMadeFromTheseSources() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Paths.get("/bin/bash")), "needs bash");
        Process hash = new ProcessBuilder("scripts/build-kernels", "--hash").start();
        String now = new String(hash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(hash.waitFor()).isZero();
        assertThat(Files.readString(KERNELS.resolve("fatbin/sources.sha256")))
                .as("hash of the sources; run scripts/build-kernels where nvcc is installed")
                .isEqualTo(now);
    }

    static List<String> kernels() {
        return KernelFiles.KERNELS;
    }

    static List<String> kernelsWithPtx() {
        return kernels().stream().filter(name -> !KernelFiles.FOR_HOPPER.contains(name)).toList();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void kernelFile_isForHopperAlone_orForAllGpus(String name) throws IOException {
        String source = Files.readString(KERNELS.resolve(name + ".cu"));
        boolean forHopper = KernelFiles.FOR_HOPPER.contains(name);
        Pattern kernel = Pattern.compile("^ *KERNEL\\(", Pattern.MULTILINE);
        Pattern hopperKernel = Pattern.compile("^ *(HOPPER|CLUSTER)_KERNEL\\(", Pattern.MULTILINE);
        assertThat(kernel.matcher(source).find()).isEqualTo(!forHopper);
        assertThat(hopperKernel.matcher(source).find()).isEqualTo(forHopper);
        assertThat(Files.exists(KERNELS.resolve("fatbin/" + name + ".ptx"))).isEqualTo(!forHopper);
    }

    /** ABI 8 came with CUDA 13, whose drivers are 580 and newer: docs/gpu.md says so. */
    @ParameterizedTest
    @MethodSource("kernels")
    void machineCode_isForItsArchitectures_andDriversOfCuda13(String name) throws IOException {
        List<Fatbin.Entry> entries = Fatbin.entries(KernelFiles.fatbin(name));
        assertThat(entries)
                .extracting(Fatbin.Entry::architecture)
                .containsExactlyElementsOf(architectures(name));
        assertThat(entries).allMatch(Fatbin.Entry::isMachineCode);
        assertThat(entries).extracting(Fatbin.Entry::abiVersion).containsOnly(8);
    }

    private static List<Integer> architectures(String name) {
        if (KernelFiles.FOR_HOPPER.contains(name)) {
            return List.of(90);
        }
        return name.matches(".*_(mma|wide|narrow|few|blocks|w8a8)")
                ? List.of(80, 89, 90, 120)
                : List.of(80, 89, 90);
    }

    /** PTX 8.0 is that of CUDA 12.0, the oldest driver that is taken. */
    @ParameterizedTest
    @MethodSource("kernelsWithPtx")
    void ptx_isForTheOldestArchitectureAndDriver(String name) throws IOException {
        ByteBuffer text = KernelFiles.ptx(name);
        String ptx = StandardCharsets.US_ASCII.decode(text).toString();
        assertThat(ptx).containsOnlyOnce("\n.version 8.0\n").containsOnlyOnce("\n.target sm_80\n");
        assertThat(ptx).endsWith("\n\0");
        assertThat(
                        Pattern.compile("^\\.visible \\.entry (\\w+)\\(", Pattern.MULTILINE)
                                .matcher(ptx)
                                .results()
                                .map(match -> match.group(1)))
                .isNotEmpty()
                .isSubsetOf(resources().keySet());
    }

    private static Map<String, Integer> resources() throws IOException {
        return KernelFiles.sharedBytes("sm_80");
    }

    @Test
    void noKernel_spillsRegisters() throws IOException {
        List<String> rows = Files.readAllLines(KERNELS.resolve("fatbin/resources.txt"));
        assertThat(rows).hasSizeGreaterThan(2 + 3 * kernelsWithPtx().size());
        assertThat(rows.stream().skip(2)) // compiler, header
                .allMatch(row -> row.matches("\\S+ +sm_\\d+a? +\\d+ +0 +0 +\\d+"));
    }

    @Test
    void exportedConstants_areThoseOfTheEmulator() throws IOException {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        Map<String, Integer> constants = KernelFiles.constants();
        assertThat(constants).containsKeys("norm/norm_threads", "linear_mma/linear_mma_large_tile");
        try (Driver emulated = new EmulatedDriver()) {
            constants.forEach(
                    (path, value) -> {
                        String[] parts = path.split("/");
                        long module = emulated.loadModule(parts[0]);
                        assertThat(emulated.constant(module, parts[1])).as(path).isEqualTo(value);
                    });
        }
    }

    @Test
    void constantsThatLaunchersAskFor_areExported() throws IOException {
        Pattern asked = Pattern.compile("constant\\(\\s*\\w+,\\s*\"(\\w+)\"\\)");
        List<String> names = new ArrayList<>();
        try (Stream<Path> sources = Files.list(Paths.get("src/main/java/glance/backend/cuda"))) {
            for (Path source : sources.filter(Files::isRegularFile).toList()) {
                asked.matcher(Files.readString(source))
                        .results()
                        .forEach(match -> names.add(match.group(1)));
            }
        }
        assertThat(names).hasSizeGreaterThan(10);
        assertThat(KernelFiles.constants().keySet())
                .extracting(path -> path.substring(path.indexOf('/') + 1))
                .containsAll(names);
    }
}

package glance.ops.parity;

import static org.assertj.core.api.Assertions.assertThat;

import glance.backend.Device;
import glance.cases.Case;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The suite on the CPU device without vectors, and with narrower ones than this machine may have.
 * The choice is made once in the life of a JVM, so each takes another one.
 */
class SimdParityTest {
    private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";
    private static final List<String> ALL = List.of();
    private static final List<String> LARGE = List.of("large");

    /** Runs cases in this JVM; the lines it prints are the failures and a summary. */
    public static final class Suite {
        private Suite() {}

        /** With an argument, the large cases only. */
        public static void main(String[] args) {
            List<String> failures = new ArrayList<>();
            List<Case> cases = (args.length == 0 ? OpCases.all() : OpCases.large()).toList();
            try (Device device = TestDevice.cpu(2).open()) {
                System.out.println(device.info().description());
                for (Case opCase : cases) {
                    try {
                        Parity.check(device, opCase);
                    } catch (AssertionError | RuntimeException e) {
                        failures.add(e.toString());
                    }
                }
            }
            failures.forEach(System.out::println);
            System.out.println(cases.size() + " cases, " + failures.size() + " failures");
        }
    }

    @Test
    void simdOff_givesParity() throws Exception {
        assertThat(suite(ALL, "-Dglance.simd=off", VECTOR_MODULE))
                .contains("2 threads, plain Java")
                .endsWith(" cases, 0 failures");
    }

    @Test
    void noVectorModule_warnsAndGivesParity() throws Exception {
        assertThat(suite(LARGE))
                .contains("several times slower than SIMD")
                .contains("2 threads, plain Java")
                .endsWith(" cases, 0 failures");
    }

    @Test
    void noC2Compiler_warnsAndGivesParity() throws Exception {
        assertThat(suite(LARGE, "-XX:TieredStopAtLevel=1", VECTOR_MODULE))
                .contains("several times slower than SIMD: this JVM has no C2 compiler")
                .contains("2 threads, plain Java")
                .endsWith(" cases, 0 failures");
    }

    @Test
    void vectorsOf256Bits_giveParity() throws Exception {
        assertThat(suite(ALL, "-XX:MaxVectorSize=32", VECTOR_MODULE))
                .contains("2 threads, SIMD")
                .endsWith(" cases, 0 failures");
    }

    private static String suite(List<String> arguments, String... jvmOptions) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(List.of(jvmOptions));
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(Suite.class.getName());
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
            return output.strip();
        } finally {
            process.destroyForcibly();
        }
    }
}

package glance.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;

/**
 * The loops of products keep their vectors in registers, as seen by the objects that they make, in
 * a JVM that has also computed with vectors of other sizes (a search engine beside this one, say).
 */
class OtherVectorsTest {
    /** Computes with vectors of several sizes, then counts the objects of the loops. */
    public static final class Loops {
        private static final int DEPTH = 64;
        private static final int CALLS = 1000;

        /** The JIT may still compile; a loop that is compiled badly makes objects for ever. */
        private static final int TURNS = 2000;

        private static final ThreadMXBean THREADS =
                (ThreadMXBean) ManagementFactory.getThreadMXBean();

        private Loops() {}

        /** Prints the bytes of each loop. */
        public static void main(String[] args) {
            float[] a = new float[512];
            float[] b = new float[512];
            for (int i = 0; i < 9000; i++) {
                multiply(VectorSimd.SPECIES, a, b);
            }
            for (int i = 0; i < 9000; i++) {
                multiply(FloatVector.SPECIES_128, a, b);
                multiply(FloatVector.SPECIES_64, a, b);
            }
            Simd simd = Simd.INSTANCE;
            float[] x = new float[1 << 12];
            float[] y = new float[1 << 12];
            float[] sums = new float[simd.tileRows() * simd.tileColumns()];
            short[] halves = new short[Simd.DOT_ROWS * DEPTH];
            int columns = simd.tileColumns();
            print("tile", () -> simd.multiply(DEPTH, x, 0, y, 0, sums, 0, columns));
            print("dots", () -> simd.dots(DEPTH, x, 0, DEPTH, y, 0, DEPTH, sums, 0));
            print("dots16", () -> simd.dots(DEPTH, halves, DEPTH, y, 0, DEPTH, sums, 0));
        }

        private static void multiply(VectorSpecies<Float> species, float[] a, float[] b) {
            FloatVector sum = FloatVector.zero(species);
            for (int i = 0; i <= a.length - species.length(); i += species.length()) {
                FloatVector x = FloatVector.broadcast(species, b[i]);
                sum = x.fma(FloatVector.fromArray(species, a, i), sum);
            }
            sum.intoArray(a, 0);
        }

        private static void print(String name, Runnable loop) {
            long bytes = CALLS;
            for (int turn = 0; turn < TURNS && bytes >= CALLS; turn++) {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < CALLS; i++) {
                    loop.run();
                }
                bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
            }
            System.out.println(name + (bytes < CALLS ? " makes none" : " makes objects"));
        }
    }

    @Test
    void loops_makeNoObjects() throws Exception {
        assumeTrue(VectorSupport.isUsable(), "this JVM has no Vector API");
        Process process =
                new ProcessBuilder(
                                List.of(
                                        System.getProperty("java.home")
                                                + File.separator
                                                + "bin"
                                                + File.separator
                                                + "java",
                                        "--add-modules=jdk.incubator.vector",
                                        "-cp",
                                        System.getProperty(
                                                "surefire.test.class.path",
                                                System.getProperty("java.class.path")),
                                        Loops.class.getName()))
                        .redirectErrorStream(true)
                        .start();
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(output.lines().filter(line -> line.contains(" makes ")))
                    .containsExactly("tile makes none", "dots makes none", "dots16 makes none");
        } finally {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }
}

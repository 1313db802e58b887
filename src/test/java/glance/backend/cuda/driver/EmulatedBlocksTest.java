package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A product by clusters, with a part that other blocks of the launch make, is what it should be.
 */
class EmulatedBlocksTest {
    private static final int ROWS = 128; // of a block
    private static final int COLUMNS = 64;
    private static final int DEPTH = 64; // of a stage, and the rank
    private static final int STAGES = 2;

    private Driver driver;
    private long stream;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        driver = EmulatedDriver.of(List.of("hopper_blocks"));
        stream = driver.createStream();
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    /** One cluster and several, whole tiles and edges, more slices than stages. */
    @ParameterizedTest
    @CsvSource({"128, 128, 64", "130, 256, 200", "300, 120, 328"})
    void lowRankProduct_isExact(int m, int n, int k) {
        Random random = new Random(m + n + k);
        float[] x = new float[m * k];
        float[] w = new float[n * k];
        float[] a = new float[DEPTH * k];
        float[] b = new float[n * DEPTH];
        long xAt = upload(x, random);
        long wAt = upload(w, random);
        long aAt = upload(a, random);
        long bAt = upload(b, random);
        long s = driver.allocate(2L * m * DEPTH);
        long out = driver.allocate(4L * m * n);
        int bands = (m + ROWS - 1) / ROWS;
        long flags = driver.allocate(4L * bands);
        driver.fill(flags, (byte) 0, 4L * bands, stream);
        KernelFunction function =
                driver.function(driver.loadModule("hopper_blocks"), "low_rank_product");
        driver.launch(
                new Launch(
                        function,
                        Grid.of((n + COLUMNS - 1) / COLUMNS, bands),
                        function.maxThreads(),
                        STAGES * (ROWS + COLUMNS) * DEPTH * DType.BF16.bytes(),
                        new Arguments()
                                .tensorMap(map(xAt, k, m, ROWS / 2))
                                .tensorMap(map(wAt, k, n, COLUMNS))
                                .tensorMap(map(s, DEPTH, m, ROWS / 2))
                                .tensorMap(map(bAt, DEPTH, n, COLUMNS))
                                .pointer(xAt)
                                .pointer(aAt)
                                .pointer(s)
                                .pointer(flags)
                                .pointer(out)
                                .i32(m)
                                .i32(n)
                                .i32(k)),
                stream);
        ByteBuffer bytes = driver.allocatePinned(4 * m * n);
        driver.download(out, bytes, stream);
        FloatBuffer result = bytes.asFloatBuffer();
        float[] low = product(x, a, m, DEPTH, k);
        float[] expected = product(x, w, m, n, k);
        float[] adapter = product(low, b, m, n, DEPTH);
        for (int i = 0; i < m * n; i++) {
            assertThat(result.get(i)).as("%d", i).isEqualTo(expected[i] + adapter[i]);
        }
    }

    /** Small integers, of which all sums are exact: left [m, k] times right [n, k] transposed. */
    private static float[] product(float[] left, float[] right, int m, int n, int k) {
        float[] out = new float[m * n];
        for (int row = 0; row < m; row++) {
            for (int column = 0; column < n; column++) {
                for (int i = 0; i < k; i++) {
                    out[row * n + column] += left[row * k + i] * right[column * k + i];
                }
            }
        }
        return out;
    }

    private TensorMap map(long address, int columns, int rows, int boxRows) {
        return driver.tensorMap(
                TensorTiles.matrix(
                        DType.BF16, address, columns, rows, 2L * columns, DEPTH, boxRows, true));
    }

    /** -1, 0 and 1, so that s is below 256 and bf16 has it. */
    private long upload(float[] values, Random random) {
        long address = driver.allocate(2L * values.length);
        ByteBuffer bytes = driver.allocatePinned(2 * values.length);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(3) - 1;
            bytes.putShort(2 * i, (short) (Float.floatToIntBits(values[i]) >>> 16));
        }
        driver.upload(bytes, address, stream);
        return address;
    }
}

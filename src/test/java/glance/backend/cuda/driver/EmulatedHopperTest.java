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

/** A product by bulk copies, barriers and wgmma is what it is in float64. */
class EmulatedHopperTest {
    private static final int ROWS = 128; // of a block
    private static final int DEPTH = 64; // of a stage
    private static final int STAGES = 3;

    private Driver driver;
    private long stream;

    @BeforeEach
    void open() {
        assumeTrue(EmulatedDriver.problem() == null, EmulatedDriver.problem());
        driver = EmulatedDriver.of(List.of("hopper"));
        stream = driver.createStream();
    }

    @AfterEach
    void close() {
        if (driver != null) {
            driver.close();
        }
    }

    /** Whole tiles, more slices than stages, and edges in all three dimensions. */
    @ParameterizedTest
    @CsvSource({
        "product_64, 64, 128, 64, 64",
        "product_64, 64, 200, 136, 328",
        "product_128, 128, 130, 256, 200",
        "product_256, 256, 129, 264, 392",
        "product_transposed_64, 64, 128, 64, 64",
        "product_transposed_64, 64, 200, 136, 328",
        "product_transposed_128, 128, 130, 256, 200",
        "product_transposed_256, 256, 129, 264, 392",
        "product_registers_64, 64, 200, 136, 328",
        "product_registers_128, 128, 130, 256, 200",
        "product_registers_256, 256, 129, 264, 392",
    })
    void product_equalsFloat64(String kernel, int tile, int m, int n, int k) {
        boolean transposed = kernel.contains("transposed");
        Random random = new Random(m + n + k);
        float[] a = new float[m * k];
        float[] b = new float[k * n]; // [n, k], or [k, n] if transposed
        TensorMap aMap = map(upload(a, random), k, m, DEPTH, ROWS);
        TensorMap bMap =
                transposed
                        ? map(upload(b, random), n, k, 64, DEPTH)
                        : map(upload(b, random), k, n, DEPTH, tile);
        long out = driver.allocate(4L * m * n);
        KernelFunction function = driver.function(driver.loadModule("hopper"), kernel);
        driver.launch(
                new Launch(
                        function,
                        Grid.of((n + tile - 1) / tile, (m + ROWS - 1) / ROWS),
                        function.maxThreads(),
                        STAGES * (ROWS + tile) * DEPTH * 2,
                        new Arguments()
                                .tensorMap(aMap)
                                .tensorMap(bMap)
                                .pointer(out)
                                .i32(m)
                                .i32(n)
                                .i32(k)),
                stream);
        FloatBuffer result = download(out, m * n);
        for (int row = 0; row < m; row++) {
            for (int column = 0; column < n; column++) {
                double sum = 0;
                double magnitude = 0;
                for (int i = 0; i < k; i++) {
                    double term =
                            (double) a[row * k + i]
                                    * b[transposed ? i * n + column : column * k + i];
                    sum += term;
                    magnitude += Math.abs(term);
                }
                // sums of k terms in f32, in any order
                assertThat(Math.abs(result.get(row * n + column) - sum))
                        .as("%d, %d", row, column)
                        .isLessThanOrEqualTo(magnitude * (k + 1) * 0x1p-24);
            }
        }
    }

    private TensorMap map(long address, int columns, int rows, int boxColumns, int boxRows) {
        return driver.tensorMap(
                TensorTiles.matrix(
                        DType.BF16,
                        address,
                        columns,
                        rows,
                        2L * columns,
                        boxColumns,
                        boxRows,
                        true));
    }

    /** Random values that bf16 has, as bf16 on the device. */
    private long upload(float[] values, Random random) {
        long address = driver.allocate(2L * values.length);
        ByteBuffer bytes = driver.allocatePinned(2 * values.length);
        for (int i = 0; i < values.length; i++) {
            int bits = Float.floatToIntBits((float) random.nextGaussian()) & 0xffff0000;
            values[i] = Float.intBitsToFloat(bits);
            bytes.putShort(2 * i, (short) (bits >>> 16));
        }
        driver.upload(bytes, address, stream);
        return address;
    }

    private FloatBuffer download(long address, int count) {
        ByteBuffer bytes = driver.allocatePinned(4 * count);
        driver.download(address, bytes, stream);
        return bytes.asFloatBuffer();
    }
}

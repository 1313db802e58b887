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
    private static final int ROW_BYTES = 128; // of a stage
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
        "product_both_transposed_128, 128, 136, 256, 200",
        "product_registers_64, 64, 200, 136, 328",
        "product_registers_128, 128, 130, 256, 200",
        "product_registers_256, 256, 129, 264, 392",
        "product_bytes_64, 64, 200, 136, 656",
        "product_bytes_128, 128, 130, 256, 400",
        "product_bytes_256, 256, 129, 264, 784",
        "product_bytes_registers_256, 256, 129, 264, 784",
    })
    void product_equalsFloat64(String kernel, int tile, int m, int n, int k) {
        boolean transposed = kernel.contains("transposed");
        boolean bothTransposed = kernel.contains("both");
        DType dtype = kernel.contains("bytes") ? DType.F8_E4M3 : DType.BF16;
        int depth = ROW_BYTES / dtype.bytes();
        Random random = new Random(m + n + k);
        float[] a = new float[m * k]; // [m, k], or [k, m] if both are transposed
        float[] b = new float[k * n]; // [n, k], or [k, n] if transposed
        long aAddress = upload(dtype, a, random);
        TensorMap aMap =
                bothTransposed
                        ? map(dtype, aAddress, m, k, 64, depth)
                        : map(dtype, aAddress, k, m, depth, ROWS);
        long bAddress = upload(dtype, b, random);
        TensorMap bMap =
                transposed
                        ? map(dtype, bAddress, n, k, 64, depth)
                        : map(dtype, bAddress, k, n, depth, tile);
        long out = driver.allocate(4L * m * n);
        KernelFunction function = driver.function(driver.loadModule("hopper"), kernel);
        driver.launch(
                new Launch(
                        function,
                        Grid.of((n + tile - 1) / tile, (m + ROWS - 1) / ROWS),
                        function.maxThreads(),
                        STAGES * (ROWS + tile) * ROW_BYTES,
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
                            (double) a[bothTransposed ? i * m + row : row * k + i]
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

    /** A box that begins outside of the tensor and ends outside of it. */
    @ParameterizedTest
    @CsvSource({
        "3, false, -1, 1, 2, 0",
        "3, true, 2, -2, 1, 0",
        "4, false, 3, 1, -1, 1",
        "4, true, -3, 2, 1, 2",
        "4, true, 0, 0, 0, 0",
    })
    void box_isMovedWithZerosFromOutside(int rank, boolean swizzled, int x, int y, int z, int w) {
        List<Long> sizes = List.of(12L, 5L, 4L, 3L).subList(0, rank);
        List<Long> strides = List.of(64L, 320L, 1280L).subList(0, rank - 1);
        List<Integer> box = List.of(8, 3, 2, 2).subList(0, rank);
        int count = 960; // f32, with 4 unused ones after each row of 12
        long from = driver.allocate(4 * count);
        long to = driver.allocate(4 * count);
        ByteBuffer numbers = driver.allocatePinned(4 * count);
        for (int i = 0; i < count; i++) {
            numbers.putFloat(4 * i, i + 1);
        }
        driver.upload(numbers, from, stream);
        driver.fill(to, (byte) 0, 4 * count, stream);
        KernelFunction function = driver.function(driver.loadModule("hopper"), "moves_a_box");
        int bytes = 4 * box.stream().reduce(1, (a, b) -> a * b);
        Arguments arguments = new Arguments();
        for (long address : new long[] {from, to}) {
            arguments.tensorMap(
                    driver.tensorMap(
                            new TensorTiles(DType.F32, address, sizes, strides, box, swizzled)));
        }
        arguments.i32(rank).i32(x).i32(y).i32(z).i32(w).i32(bytes);
        driver.launch(new Launch(function, Grid.of(1), 32, bytes, arguments), stream);
        FloatBuffer result = download(to, count);
        int depth = rank == 3 ? 1 : 3;
        for (int i = 0; i < 240 * depth; i++) {
            int[] at = {i % 12, i / 12 % 5, i / 60 % 4, i / 240};
            boolean moved =
                    isWithin(at[0] - x - 1, 8)
                            && isWithin(at[1] - y, 3)
                            && isWithin(at[2] - z, 2)
                            && (rank == 3 || isWithin(at[3] - w, 2))
                            && at[0] > 0;
            int place = at[0] + 16 * at[1] + 80 * at[2] + 320 * at[3];
            assertThat(result.get(place)).as("%d", place).isEqualTo(moved ? place : 0);
        }
    }

    private static boolean isWithin(int offset, int size) {
        return offset >= 0 && offset < size;
    }

    private TensorMap map(
            DType dtype, long address, int columns, int rows, int boxColumns, int boxRows) {
        long rowBytes = (long) columns * dtype.bytes();
        return driver.tensorMap(
                TensorTiles.matrix(
                        dtype, address, columns, rows, rowBytes, boxColumns, boxRows, true));
    }

    /** Random values that the dtype has, on the device. */
    private long upload(DType dtype, float[] values, Random random) {
        int each = dtype.bytes();
        long address = driver.allocate((long) each * values.length);
        ByteBuffer bytes = driver.allocatePinned(each * values.length);
        for (int i = 0; i < values.length; i++) {
            if (dtype == DType.BF16) {
                int bits = Float.floatToIntBits((float) random.nextGaussian()) & 0xffff0000;
                values[i] = Float.intBitsToFloat(bits);
                bytes.putShort(2 * i, (short) (bits >>> 16));
            } else {
                // 1 sign bit, 4 bits of exponent with bias 7, 3 of fraction
                int exponent = 4 + random.nextInt(6);
                int fraction = random.nextInt(8);
                boolean negative = random.nextBoolean();
                values[i] = (negative ? -1 : 1) * Math.scalb(1 + fraction / 8f, exponent - 7);
                bytes.put(i, (byte) ((negative ? 0x80 : 0) | exponent << 3 | fraction));
            }
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

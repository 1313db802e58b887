package glance.tensor.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.HostFloats;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class BlockQuantiserTest {
    private static final int COUNT = 64 * 256;

    static Stream<DType> types() {
        return Arrays.stream(DType.values()).filter(BlockFormat::isWritten);
    }

    private static float[] normal(double deviation) {
        Random random = new Random(5);
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    private static float[] stored(DType dtype, float[] values) {
        return HostFloats.read(HostFloats.tensor(dtype, Shape.of(values.length), values));
    }

    private static double relativeError(float[] values, float[] stored) {
        double lost = 0;
        double all = 0;
        for (int i = 0; i < values.length; i++) {
            lost += Math.pow((double) values[i] - stored[i], 2);
            all += Math.pow(values[i], 2);
        }
        return Math.sqrt(lost / all);
    }

    /** Twice the error of steps of equal size over the span of normal values would fail. */
    @ParameterizedTest
    @CsvSource({"Q8_0, 0.006", "Q6_K, 0.018", "Q5_0, 0.05", "Q4_K, 0.075", "Q4_0, 0.095"})
    void write_normalValues_loseWhatTheBitsCost(DType dtype, double most) {
        float[] values = normal(0.02);
        assertThat(relativeError(values, stored(dtype, values))).isBetween(most / 2, most);
    }

    @ParameterizedTest
    @CsvSource({"Q4_K, 15, true", "Q6_K, 63, false"})
    void write_searchedScales_areBetterThanTheSpanOfEachGroup(
            DType dtype, int levels, boolean offset) {
        float[] values = normal(1);
        int group = dtype == DType.Q4_K ? 32 : 16;
        float[] naive = new float[COUNT];
        for (int g = 0; g < COUNT; g += group) {
            float low = Float.POSITIVE_INFINITY;
            float high = Float.NEGATIVE_INFINITY;
            for (int i = g; i < g + group; i++) {
                low = Math.min(low, values[i]);
                high = Math.max(high, values[i]);
            }
            low = offset ? low : -Math.max(-low, high);
            high = offset ? high : -low;
            for (int i = g; i < g + group; i++) {
                double step = ((double) high - low) / levels;
                naive[i] = (float) (low + step * Math.rint((values[i] - low) / step));
            }
        }
        assertThat(relativeError(values, stored(dtype, values)))
                .isLessThan(relativeError(values, naive));
    }

    /** Of blocks that use all of their levels and scales. */
    @ParameterizedTest
    @MethodSource("types")
    void write_valuesOfBlocks_areKeptAsTheyAre(DType dtype) {
        Random random = new Random(3);
        for (int i = 0; i < 200; i++) {
            float[] values = new float[256];
            ByteBuffer block = block(dtype, random);
            HostFloats.read(dtype, block, 0, values);
            assertThat(stored(dtype, values)).containsExactly(values);
        }
    }

    /** One block of 256 elements, or 8 of 32. */
    private static ByteBuffer block(DType dtype, Random random) {
        byte[] bytes = new byte[Math.toIntExact(dtype.bytes(256))];
        random.nextBytes(bytes);
        ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        short scale = SmallFloats.halfBits(0.001f + 0.1f * random.nextFloat());
        switch (dtype) {
            case Q6_K -> {
                for (int group = 0; group < 16; group++) {
                    // level -32: no bits
                    int row = group / 8 * 64 + group % 4 * 16;
                    bytes[row] &= group % 8 < 4 ? 0xf0 : 0x0f;
                    bytes[128 + group / 8 * 32 + group % 2 * 16] &= ~(3 << group % 8 / 2 * 2);
                    bytes[192 + group] = (byte) (40 + random.nextInt(80));
                }
                bytes[192 + random.nextInt(16)] = -128;
                block.putShort(208, scale);
            }
            case Q4_K -> {
                block.putShort(0, scale).putShort(2, scale);
                bytes[4 + random.nextInt(4)] |= 63;
                bytes[8 + random.nextInt(4)] |= 63;
                for (int group = 0; group < 8; group++) {
                    int at = 16 + group / 2 * 32;
                    bytes[at] &= group % 2 == 0 ? 0xf0 : 0x0f;
                    bytes[at + 1] |= group % 2 == 0 ? 0x0f : 0xf0;
                }
            }
            default -> {
                for (int at = 0; at < bytes.length; at += dtype.blockBytes()) {
                    block.putShort(at, scale);
                    if (dtype == DType.Q8_0) {
                        bytes[at + 2] = 127;
                        bytes[at + 3] = (byte) Math.max(-127, bytes[at + 3]);
                        for (int i = at + 2; i < at + 34; i++) {
                            bytes[i] = (byte) Math.max(-127, bytes[i]);
                        }
                    } else {
                        int low = dtype == DType.Q5_0 ? 6 : 2;
                        bytes[at + 2] &= dtype == DType.Q5_0 ? 0xfe : 0xf0;
                        bytes[at + low] &= 0xf0;
                    }
                }
            }
        }
        return block;
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_valuesThatWereStoredOnce_loseNextToNothingMore(DType dtype) {
        for (double deviation : new double[] {0.02, 1, 1000, 1e-3}) {
            float[] values = normal(deviation);
            float[] once = stored(dtype, values);
            assertThat(relativeError(once, stored(dtype, once)))
                    .isLessThan(0.02 * relativeError(values, once));
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_zeros_areZeros(DType dtype) {
        for (float kept : stored(dtype, new float[512])) {
            assertThat(Math.abs(kept)).isZero(); // the reference makes some of them negative
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_groupsOfOneValue_keepIt(DType dtype) {
        for (float value : new float[] {1, -1}) {
            float[] values = new float[512];
            Arrays.fill(values, value);
            values[300] = 0;
            assertThat(relativeError(values, stored(dtype, values))).isLessThan(2e-3);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_numbersTooSmallForTheirScale_stayBelowTheirLargest(DType dtype) {
        for (float value : new float[] {Float.MIN_VALUE, 1e-30f, 1e-9f, 1e-7f}) {
            float[] values = new float[512];
            for (int i = 0; i < values.length; i++) {
                values[i] = i % 3 == 0 ? value : -value / 2;
            }
            for (float kept : stored(dtype, values)) {
                assertThat(Math.abs(kept)).isLessThan(0x1p-24f * 128 * 32);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_largestNumbers_areFinite(DType dtype) {
        float[] values = normal(1);
        values[7] = 65504;
        values[700] = -65504;
        for (float kept : stored(dtype, values)) {
            assertThat(kept).isFinite();
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_numbersThatAreNotHeld_areRefused(DType dtype) {
        for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 70000}) {
            float[] values = new float[512];
            values[400] = value;
            assertThatThrownBy(() -> stored(dtype, values))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(dtype + " holds numbers up to 65504, got " + value);
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void write_blocksInTheMiddle_areThoseOfTheWhole(DType dtype) {
        float[] values = normal(1);
        ByteBuffer whole = HostFloats.tensor(dtype, Shape.of(COUNT), values).data();
        byte[] parts = new byte[whole.capacity()];
        Arrays.fill(parts, (byte) -1);
        ByteBuffer target = ByteBuffer.wrap(parts).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < COUNT; at += 512) {
            HostFloats.write(dtype, target, at, Arrays.copyOfRange(values, at, at + 512));
        }
        assertThat(parts).isEqualTo(whole.array());
    }

    @Test
    void write_typeThatIsOnlyRead_isRefused() {
        assertThatThrownBy(() -> stored(DType.Q3_K, new float[256]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Q3_K is read, not written");
    }
}

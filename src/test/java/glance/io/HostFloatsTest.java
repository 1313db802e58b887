package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostFloatsTest {
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void everyPattern_survivesTheRoundTrip(DType dtype) {
        for (int bits = 0; bits < 1 << 16; bits++) {
            ByteBuffer data = ByteBuffer.allocate(2).put(0, (byte) bits);
            data.put(1, (byte) (bits >> 8));
            float value = HostFloats.read(new HostTensor(dtype, Shape.of(1), data))[0];
            HostTensor back = HostFloats.tensor(dtype, Shape.of(1), value);
            if (Float.isNaN(value)) {
                assertThat(HostFloats.read(back)[0]).isNaN();
            } else {
                assertThat(back.data().array()).as("%x", bits).isEqualTo(data.array());
            }
        }
    }

    @Test
    void knownValues_areRead() {
        assertThat(HostFloats.rounded(DType.F16, 1)).isEqualTo(1);
        assertThat(HostFloats.rounded(DType.F16, 65519)).isEqualTo(65504);
        assertThat(HostFloats.rounded(DType.F16, -65520)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(HostFloats.rounded(DType.F16, 0x1p-25f)).isZero();
        assertThat(HostFloats.rounded(DType.F16, 0x1.8p-25f)).isEqualTo(0x1p-24f);
        assertThat(HostFloats.rounded(DType.BF16, 1 + 0x1p-8f)).isEqualTo(1);
        assertThat(HostFloats.rounded(DType.BF16, 1 + 0x1.8p-7f)).isEqualTo(1 + 0x1p-6f);
        assertThat(HostFloats.rounded(DType.BF16, Float.MAX_VALUE))
                .isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(HostFloats.rounded(DType.BF16, Float.NaN)).isNaN();
    }

    /** The rounded value is at least as near as its neighbours of the 16-bit type. */
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void rounding_isToTheNearest(DType dtype) {
        Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(36) - 24));
            HostTensor stored = HostFloats.tensor(dtype, Shape.of(1), value);
            short bits = (short) (stored.data().get(0) & 0xff | stored.data().get(1) << 8);
            double error = Math.abs((double) value - HostFloats.read(stored)[0]);
            for (int step : new int[] {-1, 1}) {
                if ((bits & 0x7fff) + step >= 0) {
                    float neighbour = value(dtype, (short) (bits + step));
                    assertThat(error).isLessThanOrEqualTo(Math.abs((double) value - neighbour));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F8_E4M3", "F8_E5M2"})
    void everyPatternOf8Bits_survivesTheRoundTripAndSplitsTheNumbersEvenly(DType dtype) {
        for (int bits = 0; bits < 0x7f; bits++) {
            float value = of8Bits(dtype, bits);
            float next = of8Bits(dtype, bits + 1);
            if (!Float.isFinite(value)) {
                continue;
            }
            assertThat(HostFloats.rounded(dtype, value)).isEqualTo(value);
            assertThat(HostFloats.rounded(dtype, -value)).isEqualTo(-value);
            if (Float.isFinite(next)) {
                float middle = (value + next) / 2;
                assertThat(HostFloats.rounded(dtype, middle))
                        .as("a tie goes to even")
                        .isEqualTo(bits % 2 == 0 ? value : next);
                assertThat(HostFloats.rounded(dtype, Math.nextDown(middle))).isEqualTo(value);
                assertThat(HostFloats.rounded(dtype, Math.nextUp(middle))).isEqualTo(next);
            }
        }
    }

    /** As torch.tensor(x).to(torch.float8_e4m3fn) and float8_e5m2: nothing is clamped. */
    @Test
    void valuesBeyond8Bits_areWhatPyTorchMakesOfThem() {
        assertThat(HostFloats.rounded(DType.F8_E4M3, 464)).isEqualTo(448);
        assertThat(HostFloats.rounded(DType.F8_E4M3, Math.nextUp(464f))).isNaN();
        assertThat(HostFloats.rounded(DType.F8_E4M3, Float.NEGATIVE_INFINITY)).isNaN();
        assertThat(HostFloats.rounded(DType.F8_E4M3, Float.NaN)).isNaN();
        assertThat(HostFloats.rounded(DType.F8_E5M2, Math.nextDown(61440f))).isEqualTo(57344);
        assertThat(HostFloats.rounded(DType.F8_E5M2, 61440)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(HostFloats.rounded(DType.F8_E5M2, -1e30f)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(HostFloats.rounded(DType.F8_E5M2, Float.NaN)).isNaN();
    }

    @Test
    void floatsFromTheMiddle_areRead() {
        HostTensor tensor = HostFloats.tensor(DType.F32, Shape.of(4), 1, 2, 3, 4);
        float[] two = new float[2];
        HostFloats.read(DType.F32, tensor.data(), 1, two);
        assertThat(two).containsExactly(2, 3);
    }

    @Test
    void otherTypes_areRefused() {
        assertThatThrownBy(() -> HostFloats.rounded(DType.I32, 1))
                .hasMessageContaining("must be real numbers, got I32");
    }

    private static float of8Bits(DType dtype, int bits) {
        ByteBuffer data = ByteBuffer.allocate(1).put(0, (byte) bits);
        return HostFloats.read(new HostTensor(dtype, Shape.of(1), data))[0];
    }

    private static float value(DType dtype, short bits) {
        ByteBuffer data = ByteBuffer.allocate(2).put(0, (byte) bits).put(1, (byte) (bits >> 8));
        return HostFloats.read(new HostTensor(dtype, Shape.of(1), data))[0];
    }
}

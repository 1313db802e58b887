package glance.op;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Known values are those that bitsandbytes' create_dynamic_map prints. */
class QuantizedBlocksTest {
    private static final Offset<Float> NONE = Offset.offset(1e-7f);

    private static int between(float[] values, double low, double high) {
        int count = 0;
        for (float value : values) {
            count += value > low && value < high ? 1 : 0;
        }
        return count;
    }

    @Test
    void signedValues_areThoseOfBitsandbytes() {
        float[] values = QuantizedBlocks.signedValues();
        assertThat(values).hasSize(256).isSorted().doesNotHaveDuplicates();
        assertThat(values[0]).isCloseTo(-0.99296875f, NONE);
        assertThat(values[254]).isCloseTo(0.99296875f, NONE);
        assertThat(values[255]).isEqualTo(1);
        assertThat(values[127]).isZero();
        assertThat(values[128]).isCloseTo(0.55e-6f, Offset.offset(1e-13f));
        assertThat(between(values, 0.1, 1)).isEqualTo(64);
        assertThat(between(values, -0.01, -0.001)).isEqualTo(16);
        for (int i = 0; i < 127; i++) {
            assertThat(values[i]).isEqualTo(-values[254 - i]);
        }
    }

    @Test
    void unsignedValues_areThoseOfBitsandbytes() {
        float[] values = QuantizedBlocks.unsignedValues();
        assertThat(values).hasSize(256).isSorted().doesNotHaveDuplicates();
        assertThat(values[0]).isZero();
        assertThat(values[1]).isCloseTo(0.325e-6f, Offset.offset(1e-13f));
        assertThat(values[254]).isCloseTo(0.996484375f, NONE);
        assertThat(values[255]).isEqualTo(1);
        assertThat(between(values, 0.1, 1)).isEqualTo(128);
        assertThat(between(values, 1e-7, 1e-6)).isEqualTo(2);
    }

    @Test
    void blocks_lastOneMayBePartial() {
        assertThat(QuantizedBlocks.blocks(0)).isZero();
        assertThat(QuantizedBlocks.blocks(1)).isEqualTo(1);
        assertThat(QuantizedBlocks.blocks(256)).isEqualTo(1);
        assertThat(QuantizedBlocks.blocks(257)).isEqualTo(2);
    }
}

package glance.model;

import static org.assertj.core.api.Assertions.assertThat;

import glance.fixtures.Fixture;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class LatentsTest {
    @Test
    void pack_takesChannelsOneByOneWithinASquare() {
        Fixture.onCpu(
                ops -> {
                    // two channels of 2 x 4: a0..a7, b0..b7
                    float[] values = {0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17};
                    Tensor pixels = ops.host().floats(Shape.of(1, 2, 2, 4), values);
                    Tensor tokens = Latents.pack(ops, pixels, 2);
                    assertThat(tokens.shape()).isEqualTo(Shape.of(1, 2, 8));
                    float[] got = new float[16];
                    ops.host().floats(tokens).get(got);
                    assertThat(got)
                            .containsExactly(
                                    0, 1, 4, 5, 10, 11, 14, 15, 2, 3, 6, 7, 12, 13, 16, 17);
                });
    }

    @Test
    void unpack_undoesPack_channelsLast() {
        Fixture.onCpu(
                ops -> {
                    float[] values = new float[2 * 3 * 4 * 6];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = i;
                    }
                    Tensor pixels = ops.host().floats(Shape.of(2, 3, 4, 6), values);
                    Tensor tokens = Latents.pack(ops, pixels, 2);
                    Tensor back = Latents.unpack(ops, tokens, 2, new TokenGrid(2, 3));
                    FloatBuffer got = ops.host().floats(ops.pack(back.permute(0, 3, 1, 2)));
                    assertThat(got).isEqualTo(FloatBuffer.wrap(values));
                });
    }
}

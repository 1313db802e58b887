package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class RankPaddingTest {
    private static HostTensor counted(int rows, int columns) {
        ByteBuffer data =
                ByteBuffer.allocate(4 * (rows * columns + 1)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i <= rows * columns; i++) {
            data.putFloat(i);
        }
        // data need not begin at the buffer's start
        return new HostTensor(DType.F32, Shape.of(rows, columns), data.flip().position(4));
    }

    @Test
    void down_getsRowsOfZeros() {
        HostTensor padded = RankPadding.down(counted(3, 2), 4);
        assertThat(padded.shape()).isEqualTo(Shape.of(4, 2));
        assertThat(HostFloats.read(padded)).containsExactly(1, 2, 3, 4, 5, 6, 0, 0);
    }

    @Test
    void up_getsColumnsOfZeros() {
        HostTensor padded = RankPadding.up(counted(2, 3), 4);
        assertThat(padded.shape()).isEqualTo(Shape.of(2, 4));
        assertThat(HostFloats.read(padded)).containsExactly(1, 2, 3, 0, 4, 5, 6, 0);
    }

    @Test
    void multiples_stayAsTheyAre() {
        HostTensor a = counted(4, 2);
        assertThat(RankPadding.down(a, 4)).isSameAs(a);
        HostTensor b = counted(2, 8);
        assertThat(RankPadding.up(b, 4)).isSameAs(b);
        assertThat(RankPadding.up(counted(3, 3), 1).shape()).isEqualTo(Shape.of(3, 3));
    }
}

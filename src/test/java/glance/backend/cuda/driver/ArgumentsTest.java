package glance.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    @Test
    void arguments_areAlignedAsParametersAre() {
        Arguments arguments =
                new Arguments().i32(1).pointer(2).f32(3).i32(4).struct(5, 6).f32(7).i64(8);
        assertThat(arguments.kinds()).isEqualTo("ipfisfl");
        assertThat(arguments.offsets()).containsExactly(0, 8, 16, 20, 24, 40, 48);
        assertThat(arguments.sizes()).containsExactly(4, 8, 4, 4, 16, 4, 8);
        assertThat(arguments.bytes().remaining()).isEqualTo(56);
        assertThat(arguments.bytes().getLong(32)).isEqualTo(6);
    }

    @Test
    void tensorMaps_areAlignedTo64Bytes() {
        TensorMap map = new TensorMap(LongStream.range(0, 16).boxed().toList());
        Arguments arguments =
                new Arguments().i32(1).tensorMap(map).pointer(2).tensorMap(map).i32(3);
        assertThat(arguments.kinds()).isEqualTo("itpti");
        assertThat(arguments.offsets()).containsExactly(0, 64, 192, 256, 384);
        assertThat(arguments.sizes()).containsExactly(4, 128, 8, 128, 4);
        assertThat(arguments.bytes().getLong(256 + 120)).isEqualTo(15);
        assertThat(arguments.bytes().getInt(384)).isEqualTo(3);
    }

    @Test
    void manyArguments_areKept() {
        Arguments arguments = new Arguments();
        for (int i = 0; i < Arguments.MAX_COUNT; i++) {
            arguments.i64(i);
        }
        assertThat(arguments.count()).isEqualTo(Arguments.MAX_COUNT);
        for (int i = 0; i < Arguments.MAX_COUNT; i++) {
            long value =
                    arguments
                            .bytes()
                            .order(ByteOrder.nativeOrder())
                            .getLong(arguments.offsets()[i]);
            assertThat(value).isEqualTo(i);
        }
    }
}

package glance.tensor.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.fixtures.Fixture;
import glance.io.HostFloats;
import glance.io.SafetensorsFile;
import glance.io.Weights;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlockFormatTest {
    private static final Path FOLDER = Fixture.folder("gguf-blocks");

    static Stream<DType> types() {
        return Arrays.stream(DType.values()).filter(DType::isQuantised);
    }

    private static String name(DType dtype) {
        return dtype.name().toLowerCase(Locale.ROOT) + ".weight";
    }

    @ParameterizedTest
    @MethodSource("types")
    void read_block_isWhatPublicToolsMakeOfItToTheBit(DType dtype) {
        try (Weights weights = Weights.open(FOLDER.resolve("blocks.gguf"));
                SafetensorsFile expected =
                        SafetensorsFile.open(FOLDER.resolve("case.safetensors"))) {
            int[] want = new int[3 * 512];
            expected.data("out." + name(dtype)).asIntBuffer().get(want);
            float[] got = HostFloats.read(weights.tensor(name(dtype)));
            assertThat(Arrays.stream(want).mapToObj(Float::intBitsToFloat))
                    .containsExactlyElementsOf(Stream.of(boxed(got)).toList());
        }
    }

    private static Float[] boxed(float[] values) {
        Float[] boxed = new Float[values.length];
        Arrays.setAll(boxed, i -> values[i]);
        return boxed;
    }

    @ParameterizedTest
    @MethodSource("types")
    void read_partOfBlocks_isThatPartOfTheWhole(DType dtype) {
        try (Weights weights = Weights.open(FOLDER.resolve("blocks.gguf"))) {
            float[] whole = HostFloats.read(weights.tensor(name(dtype)));
            ByteBuffer blocks = weights.data(name(dtype));
            int[][] parts = {{0, 1}, {1, 64}, {15, 2}, {31, 33}, {100, 203}, {511, 2}, {700, 836}};
            for (int[] part : parts) {
                float[] target = new float[part[1] + 1];
                BlockFormat.of(dtype).read(blocks, part[0], target, 1, part[1]);
                assertThat(Arrays.copyOfRange(target, 1, target.length))
                        .containsExactly(Arrays.copyOfRange(whole, part[0], part[0] + part[1]));
            }
        }
    }

    @Test
    void of_plainType_isRefused() {
        assertThatThrownBy(() -> BlockFormat.of(DType.F32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("F32 is no quantised type");
    }
}

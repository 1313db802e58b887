package glance.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RandomWeightsTest {
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void matrices_areNormal_vectorsAreOnesOrZeros(DType dtype) {
        try (Weights weights = Weights.random(Path.of("model"), dtype)) {
            Shape shape = Shape.of(1500, 1000);
            assertThat(weights.find("proj.weight", shape).shape()).isEqualTo(shape);
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < shape.numel(); i++) {
                float value = value(weights.data("proj.weight"), dtype, i);
                sum += value;
                squares += value * value;
            }
            assertThat(sum / shape.numel()).isCloseTo(0, within(1e-4));
            assertThat(Math.sqrt(squares / shape.numel())).isCloseTo(0.02, within(2e-4));
            weights.find("norm.weight", Shape.of(5));
            weights.find("proj.bias", Shape.of(7));
            assertThat(value(weights.data("norm.weight"), dtype, 4)).isEqualTo(1);
            assertThat(value(weights.data("proj.bias"), dtype, 6)).isZero();
            assertThat(weights.tensors()).hasSize(3);
        }
    }

    @Test
    void otherDtypes_areRefused() {
        assertThatThrownBy(() -> Weights.random(Path.of("model"), DType.I32))
                .hasMessage("random weights are F32 or BF16, asked for I32");
    }

    @Test
    void unknownTensor_isRefused() {
        try (Weights weights = Weights.random(Path.of("model"), DType.F32)) {
            assertThatThrownBy(() -> weights.data("x")).hasMessage("model: no tensor named x");
        }
    }

    private static float value(ByteBuffer data, DType dtype, int i) {
        return dtype == DType.F32
                ? data.getFloat(4 * i)
                : Float.intBitsToFloat(data.getShort(2 * i) << 16);
    }
}

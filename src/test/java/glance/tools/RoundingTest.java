package glance.tools;

import static org.assertj.core.api.Assertions.assertThat;

import glance.io.HostFloats;
import glance.io.Scaling;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoundingTest {
    @ParameterizedTest
    @CsvSource({"448, 1", "224, 0.5", "0, 1", "1e-35, 1e-30", "3e38, 1e30"})
    void scale_isWithinTheBoundsOfWhatIsRead(float largest, float scale) {
        assertThat(Rounding.scale(HostFloats.tensor(DType.F32, Shape.of(2), -largest, 0)))
                .isEqualTo(scale)
                .isBetween(Scaling.LEAST, Scaling.MOST);
    }

    @Test
    void none_isTheSumOfPiecesInTheirOrder() {
        float[] values = new float[20 * (1 << 14) + 3];
        Random random = new Random(1);
        double[] pieces = new double[21];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
            pieces[i >> 14] += (double) values[i] * values[i];
        }
        double wanted = Arrays.stream(pieces).sum();
        Rounding rounding =
                Rounding.none(HostFloats.tensor(DType.F32, Shape.of(values.length), values));
        assertThat(rounding.weight()).isEqualTo(wanted);
        assertThat(rounding.lost()).isZero();
    }
}

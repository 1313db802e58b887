package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import java.util.List;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraExtractTest {
    /** The rounding of the merged weights is about as large as the weights' last place. */
    @ParameterizedTest
    @CsvSource({"40, 30, F32, 1e-6", "40, 30, BF16, 6e-3", "260, 240, F32, 1e-6"})
    void mergedAdapter_isRecovered(int in, int out, DType dtype, double tolerance) {
        HostTensor float32 = Matrices.tensor(new Random(1), out, in);
        HostTensor base = HostFloats.tensor(dtype, float32.shape(), HostFloats.read(float32));
        LoraPair pair = Matrices.pair(4, in, out, 4, 2);
        HostTensor tuned =
                LoraMerge.merge("m", base, List.of(new LoraMerge.Part(Update.of(pair), 1)), dtype)
                        .weight();
        LoraExtract.Result result = LoraExtract.of("m", base, tuned, 4);
        DMatrixRMaj update = Matrices.update(pair);
        assertThat(Matrices.distance(Matrices.update(result.pair()), update)).isLessThan(tolerance);
        assertThat(result.norm())
                .isCloseTo(Matrices.norm(update), within(tolerance * result.norm()));
    }

    @Test
    void error_isThatOfTheBestApproximation() {
        HostTensor base = Matrices.tensor(new Random(1), 30, 20);
        HostTensor tuned = Matrices.tensor(new Random(2), 30, 20);
        DMatrixRMaj change =
                CommonOps_DDRM.subtract(Matrices.matrix(tuned), Matrices.matrix(base), null);
        LoraExtract.Result result = LoraExtract.of("m", base, tuned, 5);
        double best = Matrices.tail(change, 5) / Matrices.norm(change);
        // The difference of the weights is rounded to float32 once: 6e-8 of each element.
        assertThat(result.error()).isCloseTo(best, within(6e-8));
        assertThat(Matrices.distance(Matrices.update(result.pair()), change))
                .isCloseTo(best, within(1e-6));
    }

    @Test
    void equalWeights_giveNothing() {
        HostTensor base = Matrices.tensor(new Random(1), 3, 4);
        assertThat(LoraExtract.of("m", base, base, 1)).isNull();
    }

    @Test
    void badInputs_areRefused() {
        HostTensor base = Matrices.tensor(new Random(1), 3, 4);
        HostTensor bad =
                HostFloats.tensor(
                        DType.F32, base.shape(), 0, 0, 0, 0, 0, 0, 0, Float.NaN, 0, 0, 0, 0);
        assertThatThrownBy(() -> LoraExtract.of("m", base, bad, 1))
                .hasMessageContaining("m: both weights must be finite");
        for (int rank : new int[] {0, 4}) {
            assertThatThrownBy(() -> LoraExtract.of("m", base, bad, rank))
                    .hasMessage(
                            "m: rank must be 1 to 3, the smaller side of its weight, got " + rank);
        }
    }
}

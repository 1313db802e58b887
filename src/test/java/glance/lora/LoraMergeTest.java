package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.List;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraMergeTest {
    private final HostTensor weight = Matrices.tensor(new Random(1), 13, 17);
    private final LoraPair one = Matrices.pair(4, 17, 13, 2, 2);
    private final LoraPair two = Matrices.pair(3, 17, 13, 3, 3);

    /** Unit roundoff of the dtype, and of the float32 products for F32. */
    @ParameterizedTest
    @CsvSource({"F32, 5e-7", "F16, 4.9e-4", "BF16, 3.9e-3"})
    void sumOfAdapters_isRoundedOnce(DType dtype, double tolerance) {
        LoraMerge.Result result =
                LoraMerge.merge(
                        "m",
                        weight,
                        List.of(
                                new LoraMerge.Part(Update.of(one), 0.5f),
                                new LoraMerge.Part(Update.of(two), -2)),
                        dtype);
        DMatrixRMaj want = Matrices.matrix(weight);
        CommonOps_DDRM.addEquals(want, 0.5, Matrices.update(one));
        CommonOps_DDRM.addEquals(want, -2, Matrices.update(two));
        DMatrixRMaj got = Matrices.matrix(result.weight());
        assertThat(result.weight().dtype()).isEqualTo(dtype);
        assertThat(Matrices.distance(got, want)).isLessThan(tolerance);
        double lost = Math.sqrt(result.lostSquares());
        assertThat(Math.sqrt(result.weightSquares()))
                .isCloseTo(Matrices.norm(want), within(1e-6 * Matrices.norm(want)));
        assertThat(lost)
                .isCloseTo(
                        Matrices.norm(CommonOps_DDRM.subtract(got, want, null)),
                        within(1e-6 * Matrices.norm(want)));
        CommonOps_DDRM.subtractEquals(want, Matrices.matrix(weight));
        assertThat(Math.sqrt(result.updateSquares()))
                .isCloseTo(Matrices.norm(want), within(1e-6 * Matrices.norm(want)));
    }

    @Test
    void smallUpdate_isLostInSixteenBits() {
        HostTensor ones = HostFloats.tensor(DType.BF16, Shape.of(1, 2), 1, 1);
        LoraPair pair =
                new LoraPair(
                        HostFloats.tensor(DType.F32, Shape.of(1, 2), 1e-3f, 1e-3f),
                        HostFloats.tensor(DType.F32, Shape.of(1, 1), 1),
                        1);
        LoraMerge.Result result =
                LoraMerge.merge(
                        "m", ones, List.of(new LoraMerge.Part(Update.of(pair), 1)), DType.BF16);
        assertThat(HostFloats.read(result.weight())).containsOnly(1);
        assertThat(result.lostSquares()).isCloseTo(result.updateSquares(), within(1e-12));
    }

    @Test
    void sumBeyondTheDtype_isRefused() {
        List<LoraMerge.Part> parts = List.of(new LoraMerge.Part(Update.of(one), 1e8f));
        assertThatThrownBy(() -> LoraMerge.merge("attn.to_q", weight, parts, DType.F16))
                .hasMessageContaining(
                        "attn.to_q: the merged weight has values that are not finite");
    }

    @Test
    void updateThatIsNotFinite_isRefused() {
        LoraPair damaged =
                new LoraPair(
                        HostFloats.tensor(DType.F32, Shape.of(1, 2), 1, Float.NaN),
                        HostFloats.tensor(DType.F32, Shape.of(1, 1), 1),
                        1);
        HostTensor ones = HostFloats.tensor(DType.BF16, Shape.of(1, 2), 1, 1);
        List<LoraMerge.Part> parts = List.of(new LoraMerge.Part(Update.of(damaged), 1));
        assertThatThrownBy(() -> LoraMerge.merge("attn.to_q", ones, parts, DType.BF16))
                .hasMessageContaining("attn.to_q: the adapters' update is not finite");
    }
}

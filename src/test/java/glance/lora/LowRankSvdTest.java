package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.io.HostFloats;
import glance.tensor.DType;
import glance.tensor.Shape;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LowRankSvdTest {
    /** Matrices go through float32 once: a few roundings of 6e-8. */
    private static final double FLOAT = 1e-6;

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "4, 9, 7", "5, 7, 31", "8, 40, 24", "12, 6, 20", "12, 20, 6", "9, 5, 4"})
    void truncation_isTheBestOfItsRank(int rank, int in, int out) {
        LoraPair pair = Matrices.pair(rank, in, out, 3, rank);
        DMatrixRMaj update = Matrices.update(pair);
        LowRankSvd svd = LowRankSvd.of("m", pair);
        assertThat(svd.size()).isEqualTo(Math.min(rank, Math.min(in, out)));
        assertThat(svd.norm()).isCloseTo(Matrices.norm(update), within(1e-12 * svd.norm()));
        for (int k = 1; k <= svd.size(); k++) {
            LoraPair small = svd.truncated(k);
            assertThat(small.rank()).isEqualTo(k);
            assertThat(small.alpha()).isEqualTo(k);
            double lost =
                    Matrices.norm(CommonOps_DDRM.subtract(Matrices.update(small), update, null));
            double best = Matrices.tail(update, k);
            assertThat(lost).isCloseTo(best, within(FLOAT * svd.norm()));
            assertThat(svd.kept(k))
                    .isCloseTo(1 - best * best / Math.pow(svd.norm(), 2), within(1e-12));
        }
    }

    @Test
    void rankForEnergy_isTheSmallestThatKeepsIt() {
        LowRankSvd svd = LowRankSvd.of("m", Matrices.pair(8, 30, 20, 8, 1));
        for (double share : new double[] {0.1, 0.5, 0.9, 0.99, 1}) {
            int rank = svd.rankFor(share);
            assertThat(svd.kept(rank)).isGreaterThanOrEqualTo(share - 1e-12);
            assertThat(rank == 1 || svd.kept(rank - 1) < share).isTrue();
        }
    }

    @Test
    void negativeAlpha_keepsItsSign() {
        LoraPair pair = Matrices.pair(3, 8, 9, -6, 2);
        assertThat(
                        Matrices.distance(
                                Matrices.update(LowRankSvd.of("m", pair).truncated(3)),
                                Matrices.update(pair)))
                .isLessThan(FLOAT);
    }

    @Test
    void updateOfZero_keepsAll() {
        LoraPair pair =
                new LoraPair(
                        Matrices.pair(2, 5, 4, 2, 1).a(),
                        HostFloats.tensor(DType.F32, Shape.of(4, 2), new float[8]),
                        2);
        LowRankSvd svd = LowRankSvd.of("m", pair);
        assertThat(svd.norm()).isZero();
        assertThat(svd.kept(1)).isEqualTo(1);
        assertThat(HostFloats.read(svd.truncated(1).b())).containsOnly(0);
    }

    @Test
    void valuesThatAreNotFinite_areRefused() {
        LoraPair pair =
                new LoraPair(
                        HostFloats.tensor(DType.F32, Shape.of(1, 2), 1, Float.NaN),
                        HostFloats.tensor(DType.F32, Shape.of(2, 1), 1, 1),
                        1);
        assertThatThrownBy(() -> LowRankSvd.of("attn.to_q", pair))
                .hasMessage("attn.to_q: the adapter must be finite, got NaN");
    }
}

package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomizedSvdTest {
    /** From a spectrum that falls fast to one that is as flat as noise. */
    @ParameterizedTest
    @CsvSource({"8, 2", "8, 0.5", "16, 0"})
    void result_isNearlyTheBest(int rank, double decay) {
        LargeMatrix large = matrix(260, 230, decay);
        DMatrixRMaj matrix = large.dense();
        LowRankSvd svd = RandomizedSvd.of(large, rank);
        double best = Matrices.tail(matrix, rank);
        double lost =
                Matrices.norm(
                        CommonOps_DDRM.subtract(
                                Matrices.update(svd.truncated(rank)), matrix, null));
        assertThat(lost).isBetween(best * (1 - 1e-6), best * 1.001);
        assertThat(lost * lost)
                .isCloseTo(
                        Math.pow(Matrices.norm(matrix), 2) - svd.energy(rank),
                        within(1e-6 * Math.pow(Matrices.norm(matrix), 2)));
    }

    @Test
    void matrixOfLowRank_isFoundWhole() {
        DMatrixRMaj matrix = Matrices.update(Matrices.pair(5, 240, 310, 5, 4));
        LowRankSvd svd = RandomizedSvd.of(floats(matrix), 5);
        assertThat(Matrices.distance(Matrices.update(svd.truncated(5)), matrix)).isLessThan(1e-6);
    }

    @Test
    void repeat_givesTheSameBits() {
        LargeMatrix matrix = matrix(250, 220, 0.3);
        assertThat(RandomizedSvd.of(matrix, 4).values())
                .containsExactly(RandomizedSvd.of(matrix, 4).values());
    }

    /** Singular values {@code (i + 1)^-decay} between random directions. */
    private static LargeMatrix matrix(int rows, int columns, double decay) {
        Random random = new Random(6);
        int n = Math.min(rows, columns);
        if (decay == 0) {
            DMatrixRMaj noise = new DMatrixRMaj(rows, columns);
            RandomMatrices_DDRM.fillGaussian(noise, 0, 1, random);
            return floats(noise);
        }
        DMatrixRMaj u = RandomMatrices_DDRM.orthogonal(rows, n, random);
        DMatrixRMaj v = RandomMatrices_DDRM.orthogonal(columns, n, random);
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = Math.pow(i + 1, -decay);
        }
        return floats(
                CommonOps_DDRM.multTransB(
                        CommonOps_DDRM.mult(u, CommonOps_DDRM.diag(values), null), v, null));
    }

    private static LargeMatrix floats(DMatrixRMaj matrix) {
        float[][] rows = new float[matrix.numRows][matrix.numCols];
        for (int o = 0; o < matrix.numRows; o++) {
            for (int i = 0; i < matrix.numCols; i++) {
                rows[o][i] = (float) matrix.unsafe_get(o, i);
            }
        }
        return new LargeMatrix(rows);
    }
}

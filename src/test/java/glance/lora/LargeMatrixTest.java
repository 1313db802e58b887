package glance.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LargeMatrixTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 255, 2", "7, 256, 5", "300, 257, 11", "2, 600, 1"})
    void products_equalThoseOfEjml(int rows, int columns, int n) {
        Random random = new Random(rows);
        float[][] values = new float[rows][columns];
        for (float[] row : values) {
            for (int i = 0; i < columns; i++) {
                row[i] = (float) random.nextGaussian();
            }
        }
        LargeMatrix matrix = new LargeMatrix(values);
        DMatrixRMaj dense = matrix.dense();
        DMatrixRMaj right = RandomMatrices_DDRM.rectangle(columns, n, -1, 1, random);
        DMatrixRMaj left = RandomMatrices_DDRM.rectangle(rows, n, -1, 1, random);
        assertThat(Matrices.distance(matrix.times(right), CommonOps_DDRM.mult(dense, right, null)))
                .isLessThan(1e-13);
        assertThat(
                        Matrices.distance(
                                matrix.transposeTimes(left),
                                CommonOps_DDRM.multTransA(dense, left, null)))
                .isLessThan(1e-13);
        assertThat(Math.sqrt(matrix.energy()))
                .isCloseTo(Matrices.norm(dense), within(1e-12 * Matrices.norm(dense)));
    }
}

package glance.lora;

import glance.lora.LowRankSvd.Thin;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;

/**
 * The largest singular values and vectors of a large matrix, without decomposing all of it: an
 * orthonormal basis of what the matrix makes of random vectors is improved by power iterations, and
 * only the matrix seen from that basis is decomposed. Halko, Martinsson and Tropp, "Finding
 * structure with randomness", SIAM Review 53 (2011), algorithms 4.4 and 5.1.
 */
final class RandomizedSvd {
    /** Below this a full decomposition takes well under a second. */
    private static final int DENSE_SIZE = 200;

    private static final int OVERSAMPLING = 10;
    private static final int MAX_ITERATIONS = 12;

    /** Relative gain of energy in one iteration under which the basis counts as found. */
    private static final double GAIN = 1e-6;

    private RandomizedSvd() {}

    /**
     * At least the {@code rank} largest singular values of a matrix. The same bits on every run.
     *
     * @param rank at most the smaller side of the matrix
     */
    static LowRankSvd of(LargeMatrix matrix, int rank) {
        int smaller = Math.min(matrix.numRows(), matrix.numCols());
        int columns = rank + OVERSAMPLING;
        if (smaller <= DENSE_SIZE || columns >= smaller) {
            return LowRankSvd.dense(matrix.dense());
        }
        DMatrixRMaj start = new DMatrixRMaj(matrix.numCols(), columns);
        RandomMatrices_DDRM.fillGaussian(start, 0, 1, new Random(columns));
        DMatrixRMaj basis = Thin.of(matrix.times(start)).q();
        double energy = 0;
        for (int i = 0; ; i++) {
            // matrix^T Q = Q2 R, so Q^T matrix = R^T Q2^T: small enough to be decomposed.
            Thin seen = Thin.of(matrix.transposeTimes(basis));
            LowRankSvd inner = LowRankSvd.dense(CommonOps_DDRM.transpose(seen.r(), null));
            double now = inner.energy(rank);
            if (i == MAX_ITERATIONS || now - energy <= GAIN * now) {
                return LowRankSvd.project(basis, inner, seen.q());
            }
            energy = now;
            basis = Thin.of(matrix.times(seen.q())).q();
        }
    }
}

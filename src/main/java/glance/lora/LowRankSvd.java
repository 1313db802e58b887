package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import glance.tensor.Shape;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * Singular values and vectors of an update {@code U diag(s) V^T}, largest first, in float64.
 *
 * <p>The update of an adapter, {@code alpha / rank B A}, is out x in, but has no more than rank
 * singular values. With the thin factors {@code B = Qb Rb} and {@code A^T = Qa Ra} it is {@code Qb
 * (alpha / rank Rb Ra^T) Qa^T}, and only the rank x rank middle needs a decomposition.
 */
public final class LowRankSvd {
    private final DMatrixRMaj u; // (out, n)
    private final double[] values; // (n)
    private final DMatrixRMaj v; // (in, n)

    private LowRankSvd(DMatrixRMaj u, double[] values, DMatrixRMaj v) {
        this.u = u;
        this.values = values;
        this.v = v;
    }

    /**
     * Of an adapter's update.
     *
     * @throws IllegalArgumentException if it holds values that are not finite
     */
    public static LowRankSvd of(String module, LoraPair pair) {
        DMatrixRMaj a = matrix(module, pair.a());
        DMatrixRMaj at = CommonOps_DDRM.transpose(a, null);
        Thin b = Thin.of(matrix(module, pair.b()));
        Thin down = Thin.of(at);
        DMatrixRMaj core = new DMatrixRMaj(b.r().numRows, down.r().numRows);
        CommonOps_DDRM.multTransB((double) pair.scale(), b.r(), down.r(), core);
        return project(b.q(), dense(core), down.q());
    }

    /** Of any matrix, without a shortcut. */
    static LowRankSvd dense(DMatrixRMaj matrix) {
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(matrix.numRows, matrix.numCols, true, true, true);
        if (!svd.decompose(matrix.copy())) {
            throw new IllegalStateException(
                    "singular values of a "
                            + matrix.numRows
                            + " x "
                            + matrix.numCols
                            + " matrix did not converge");
        }
        DMatrixRMaj u = svd.getU(null, false);
        DMatrixRMaj v = svd.getV(null, false);
        double[] values = svd.getSingularValues();
        SingularOps_DDRM.descendingOrder(u, false, values, svd.numberOfSingularValues(), v, false);
        return new LowRankSvd(u, values, v);
    }

    /** {@code left inner right^T}, both sides with orthonormal columns; null is the identity. */
    static LowRankSvd project(DMatrixRMaj left, LowRankSvd inner, DMatrixRMaj right) {
        return new LowRankSvd(
                left == null ? inner.u : CommonOps_DDRM.mult(left, inner.u, null),
                inner.values,
                right == null ? inner.v : CommonOps_DDRM.mult(right, inner.v, null));
    }

    /** Singular values, largest first; a copy. */
    public double[] values() {
        return values.clone();
    }

    /** Number of singular values, zeros included. */
    public int size() {
        return values.length;
    }

    /** Frobenius norm of the update. */
    public double norm() {
        return Math.sqrt(energy(values.length));
    }

    /** Sum of the squares of the {@code rank} largest singular values. */
    double energy(int rank) {
        double sum = 0;
        for (int i = Math.min(rank, values.length) - 1; i >= 0; i--) {
            sum += values[i] * values[i];
        }
        return sum;
    }

    /**
     * The part of the squared norm that the best approximation of this rank keeps: the {@code rank}
     * largest singular values (Eckart and Young, Psychometrika 1, 1936). 1 for an update of zero.
     */
    public double kept(int rank) {
        double all = energy(values.length);
        return all == 0 ? 1 : energy(rank) / all;
    }

    /** The smallest rank, at least 1, that keeps {@code share} of the squared norm. */
    public int rankFor(double share) {
        int rank = 1;
        while (rank < values.length && kept(rank) < share) {
            rank++;
        }
        return rank;
    }

    /** The best approximation of a rank, as F32 with alpha = rank; s is halved between A and B. */
    public LoraPair truncated(int rank) {
        if (rank < 1 || rank > values.length) {
            throw new IllegalArgumentException(
                    "rank must be 1 to " + values.length + ", got " + rank);
        }
        int in = v.numRows;
        int out = u.numRows;
        float[] a = new float[Math.multiplyExact(rank, in)];
        float[] b = new float[Math.multiplyExact(out, rank)];
        for (int r = 0; r < rank; r++) {
            double root = Math.sqrt(values[r]);
            for (int i = 0; i < in; i++) {
                a[r * in + i] = (float) (root * v.unsafe_get(i, r));
            }
            for (int o = 0; o < out; o++) {
                b[o * rank + r] = (float) (root * u.unsafe_get(o, r));
            }
        }
        return new LoraPair(
                HostFloats.tensor(DType.F32, Shape.of(rank, in), a),
                HostFloats.tensor(DType.F32, Shape.of(out, rank), b),
                rank);
    }

    private static DMatrixRMaj matrix(String module, HostTensor tensor) {
        float[] values = HostFloats.read(tensor);
        DMatrixRMaj matrix = new DMatrixRMaj(tensor.shape().dim(0), tensor.shape().dim(1));
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException(
                        module + ": the adapter must be finite, got " + values[i]);
            }
            matrix.data[i] = values[i];
        }
        return matrix;
    }

    /**
     * A matrix as orthonormal columns times a triangle.
     *
     * @param q [m, min(m, n)]
     * @param r [min(m, n), n]
     */
    record Thin(DMatrixRMaj q, DMatrixRMaj r) {
        static Thin of(DMatrixRMaj matrix) {
            QRDecomposition<DMatrixRMaj> qr =
                    DecompositionFactory_DDRM.qr(matrix.numRows, matrix.numCols);
            qr.decompose(matrix.copy());
            return new Thin(qr.getQ(null, true), qr.getR(null, true));
        }
    }
}

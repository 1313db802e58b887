package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.Arrays;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/** Small matrices and what plain float64 algebra says about them. */
final class Matrices {
    private Matrices() {}

    static LoraPair pair(int rank, int in, int out, float alpha, long seed) {
        Random random = new Random(seed);
        return new LoraPair(tensor(random, rank, in), tensor(random, out, rank), alpha);
    }

    static HostTensor tensor(Random random, int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return HostFloats.tensor(DType.F32, Shape.of(rows, columns), values);
    }

    static DMatrixRMaj matrix(HostTensor tensor) {
        float[] values = HostFloats.read(tensor);
        DMatrixRMaj matrix = new DMatrixRMaj(tensor.shape().dim(0), tensor.shape().dim(1));
        for (int i = 0; i < values.length; i++) {
            matrix.data[i] = values[i];
        }
        return matrix;
    }

    /** {@code alpha / rank B A}, all of it. */
    static DMatrixRMaj update(LoraPair pair) {
        DMatrixRMaj product = CommonOps_DDRM.mult(matrix(pair.b()), matrix(pair.a()), null);
        CommonOps_DDRM.scale(pair.alpha() / pair.rank(), product);
        return product;
    }

    static double norm(DMatrixRMaj matrix) {
        return NormOps_DDRM.normF(matrix);
    }

    /** Norm of the difference in relation to the norm of the second. */
    static double distance(DMatrixRMaj got, DMatrixRMaj want) {
        return norm(CommonOps_DDRM.subtract(got, want, null)) / norm(want);
    }

    /** Norm of what is beyond the {@code rank} largest singular values of the whole matrix. */
    static double tail(DMatrixRMaj matrix, int rank) {
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(matrix.numRows, matrix.numCols, false, false, false);
        svd.decompose(matrix.copy());
        double[] values = svd.getSingularValues().clone();
        Arrays.sort(values);
        double sum = 0;
        for (int i = 0; i < values.length - rank; i++) {
            sum += values[i] * values[i];
        }
        return Math.sqrt(sum);
    }
}

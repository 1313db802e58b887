package glance.lora;

import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;

/**
 * A large float32 matrix and its products with narrow ones, summed in float64 on all cores. Both
 * products read the matrix row by row. EJML's second goes down the columns of a row-major matrix:
 * with it, an extraction of rank 32 from 3072 x 12288 took six times as long.
 *
 * @param rows the elements, [rows][columns]
 */
record LargeMatrix(float[][] rows) {
    private static final int STRIPE_COLUMNS = 256;

    int numRows() {
        return rows.length;
    }

    int numCols() {
        return rows[0].length;
    }

    /** Sum of the squares of all elements. */
    double energy() {
        double sum = 0;
        for (float[] row : rows) {
            for (float value : row) {
                sum += (double) value * value;
            }
        }
        return sum;
    }

    /** All of it as float64. */
    DMatrixRMaj dense() {
        DMatrixRMaj matrix = new DMatrixRMaj(numRows(), numCols());
        int at = 0;
        for (float[] row : rows) {
            for (float value : row) {
                matrix.data[at++] = value;
            }
        }
        return matrix;
    }

    /** {@code this right}; right [columns, n]. */
    DMatrixRMaj times(DMatrixRMaj right) {
        DMatrixRMaj result = new DMatrixRMaj(numRows(), right.numCols);
        IntStream.range(0, numRows())
                .parallel()
                .forEach(
                        o -> {
                            double[] sum = new double[right.numCols];
                            for (int i = 0; i < numCols(); i++) {
                                add(rows[o][i], right, i, sum, 0);
                            }
                            System.arraycopy(sum, 0, result.data, o * right.numCols, right.numCols);
                        });
        return result;
    }

    /**
     * {@code this^T right}; right [rows, n]. Threads share out columns, so sums keep their order.
     */
    DMatrixRMaj transposeTimes(DMatrixRMaj right) {
        DMatrixRMaj result = new DMatrixRMaj(numCols(), right.numCols);
        int stripes = (numCols() + STRIPE_COLUMNS - 1) / STRIPE_COLUMNS;
        IntStream.range(0, stripes)
                .parallel()
                .forEach(
                        stripe -> {
                            int end = Math.min(numCols(), (stripe + 1) * STRIPE_COLUMNS);
                            for (int o = 0; o < numRows(); o++) {
                                for (int i = stripe * STRIPE_COLUMNS; i < end; i++) {
                                    add(rows[o][i], right, o, result.data, i * right.numCols);
                                }
                            }
                        });
        return result;
    }

    private static void add(double scale, DMatrixRMaj right, int row, double[] sum, int at) {
        int from = row * right.numCols;
        for (int c = 0; c < right.numCols; c++) {
            sum[at + c] += scale * right.data[from + c];
        }
    }
}

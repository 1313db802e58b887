package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/** Adds adapters to a weight: {@code W + sum of strength alpha / rank B A}. */
public final class LoraMerge {
    private LoraMerge() {}

    /**
     * An adapter of the module that takes part.
     *
     * @param pair its matrices
     * @param strength 1 for as trained
     */
    public record Part(LoraPair pair, float strength) {}

    /**
     * A merged weight and what storing it cost. Squares of Frobenius norms, so that those of
     * several modules can be added.
     *
     * @param weight the stored weight
     * @param weightSquares of the exact sum
     * @param updateSquares of what the adapters added
     * @param lostSquares of the stored weight less the exact sum
     */
    public record Result(
            HostTensor weight, double weightSquares, double updateSquares, double lostSquares) {}

    /**
     * Merges one weight, rounding once, to the nearest value of {@code dtype}.
     *
     * @param weight F32, BF16 or F16 [out, in]
     * @param parts adapters whose matrices fit the weight
     * @throws IllegalArgumentException naming the module, if the update is not finite, or a sum is
     *     beyond what the dtype holds
     */
    public static Result merge(String module, HostTensor weight, List<Part> parts, DType dtype) {
        int out = weight.shape().dim(0);
        int in = weight.shape().dim(1);
        List<Factors> factors = parts.stream().map(Factors::of).toList();
        ByteBuffer target =
                ByteBuffer.allocate(Math.multiplyExact(Math.multiplyExact(out, in), dtype.bytes()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        double[][] squares = new double[out][];
        IntStream.range(0, out)
                .parallel()
                .forEach(o -> squares[o] = mergeRow(weight, factors, dtype, target, o));
        double[] sums = new double[3];
        for (double[] row : squares) {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += row[i];
            }
        }
        if (!Double.isFinite(sums[1])) {
            throw new IllegalArgumentException(
                    module + ": the adapters' update is not finite; check their values and scales");
        }
        if (!Double.isFinite(sums[2])) {
            throw new IllegalArgumentException(
                    module
                            + ": the merged weight has values that are not finite in "
                            + dtype
                            + "; check the adapter's scale, or choose another dtype");
        }
        return new Result(new HostTensor(dtype, weight.shape(), target), sums[0], sums[1], sums[2]);
    }

    /** The squares of the exact row, of the update, and of what rounding lost. */
    private static double[] mergeRow(
            HostTensor weight, List<Factors> factors, DType dtype, ByteBuffer target, int o) {
        int in = weight.shape().dim(1);
        float[] row = new float[in];
        float[] update = new float[in];
        HostFloats.read(weight.dtype(), weight.data(), o * in, row);
        factors.forEach(factor -> factor.addRow(o, update));
        double[] squares = new double[3];
        for (int i = 0; i < in; i++) {
            double exact = (double) row[i] + update[i];
            row[i] = HostFloats.rounded(dtype, (float) exact);
            squares[0] += exact * exact;
            squares[1] += (double) update[i] * update[i];
            squares[2] += (row[i] - exact) * (row[i] - exact);
        }
        HostFloats.write(dtype, target, o * in, row);
        return squares;
    }

    /**
     * An adapter as floats.
     *
     * @param a [rank][in]
     * @param b [out * rank], with the scale
     */
    private record Factors(float[][] a, float[] b) {
        static Factors of(Part part) {
            int rank = part.pair().rank();
            HostTensor down = part.pair().a();
            float[][] a = new float[rank][down.shape().dim(1)];
            for (int r = 0; r < rank; r++) {
                HostFloats.read(down.dtype(), down.data(), r * a[r].length, a[r]);
            }
            float[] b = HostFloats.read(part.pair().b());
            float scale = part.strength() * part.pair().scale();
            for (int i = 0; i < b.length; i++) {
                b[i] *= scale;
            }
            return new Factors(a, b);
        }

        /** {@code update += b[o] a}. */
        void addRow(int o, float[] update) {
            for (int r = 0; r < a.length; r++) {
                float scale = b[o * a.length + r];
                float[] row = a[r];
                for (int i = 0; i < update.length; i++) {
                    update[i] += scale * row[i];
                }
            }
        }
    }
}

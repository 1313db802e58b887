package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/** Adds adapters to a weight: see {@link Update} for what of each. */
public final class LoraMerge {
    private LoraMerge() {}

    /**
     * An adapter of the module that takes part.
     *
     * @param update what it changes
     * @param strength 1 for as trained
     */
    public record Part(Update update, float strength) {}

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
     * @param weight F32, BF16 or F16, [out, ...]
     * @param parts adapters that fit the weight
     * @throws IllegalArgumentException naming the module, if the update is not finite, or a sum is
     *     beyond what the dtype holds
     */
    public static Result merge(String module, HostTensor weight, List<Part> parts, DType dtype) {
        int out = weight.shape().dim(0);
        int in = Update.matrix(weight.shape()).dim(1);
        List<UpdateRows> rows = parts.stream().map(UpdateRows::new).toList();
        ByteBuffer target =
                ByteBuffer.allocate(Math.multiplyExact(Math.multiplyExact(out, in), dtype.bytes()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        double[][] squares = new double[out][];
        IntStream.range(0, out)
                .parallel()
                .forEach(o -> squares[o] = mergeRow(weight, in, rows, dtype, target, o));
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
            HostTensor weight,
            int in,
            List<UpdateRows> rows,
            DType dtype,
            ByteBuffer target,
            int o) {
        float[] row = new float[in];
        float[] update = new float[in];
        HostFloats.read(weight.dtype(), weight.data(), o * in, row);
        rows.forEach(part -> part.addRow(o, row, update));
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
     * Merges a bias.
     *
     * @param bias F32, BF16 or F16 [out]
     * @throws IllegalArgumentException naming the module, if a sum is not finite in the dtype
     */
    public static HostTensor mergeBias(
            String module, HostTensor bias, List<Part> parts, DType dtype) {
        float[] values = HostFloats.read(bias);
        for (Part part : parts) {
            if (part.update().bias() != null) {
                float[] added = HostFloats.read(part.update().bias());
                for (int o = 0; o < values.length; o++) {
                    values[o] += part.strength() * added[o];
                }
            }
        }
        for (float value : values) {
            if (!Float.isFinite(HostFloats.rounded(dtype, value))) {
                throw new IllegalArgumentException(
                        module + ": the merged bias is not finite in " + dtype);
            }
        }
        return HostFloats.tensor(dtype, bias.shape(), values);
    }
}

package glance.lora;

import glance.io.HostTensor;
import glance.lora.KeyMap.Rows;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What an adapter file has for one module, at strength 1. A module has at least one of these, and
 * mostly the first alone:
 *
 * <pre>
 * W' = m (W + scale B A) / |W + scale B A| + D        | | of each row; without m: W + scale B A + D
 * bias' = bias + d
 * </pre>
 *
 * Liu et al., DoRA, arXiv 2402.09353, equation 5; the strength of a run takes the place of scale in
 * it, as PEFT has it.
 *
 * @param pair B A, a LoRA; or null
 * @param full D, an addition of full rank; or null
 * @param magnitude m [out], which makes a DoRA of the pair; or null
 * @param bias d [out]; or null
 */
public record Update(LoraPair pair, FullRank full, HostTensor magnitude, HostTensor bias) {
    /** A plain LoRA. */
    public static Update of(LoraPair pair) {
        return new Update(pair, null, null, null);
    }

    /** Plain LoRAs by module name. */
    public static Map<String, Update> of(Map<String, LoraPair> pairs) {
        Map<String, Update> updates = new LinkedHashMap<>();
        pairs.forEach((module, pair) -> updates.put(module, of(pair)));
        return updates;
    }

    /** Whether it is a LoRA and nothing else. */
    public boolean isPlain() {
        return pair != null && full == null && magnitude == null && bias == null;
    }

    /** What the kind is called. */
    public String kind() {
        if (full != null) {
            return full.kind();
        }
        if (pair == null) {
            return "bias alone";
        }
        return (magnitude == null ? "LoRA" : "DoRA") + (bias == null ? "" : " with bias");
    }

    /** The shape [out, in] of the weight that it is for; in is 0 where only a bias changes. */
    public Shape shape() {
        if (pair != null) {
            return Shape.of(pair.b().shape().dim(0), pair.a().shape().dim(1));
        }
        return full != null ? full.shape() : Shape.of(bias.shape().dim(0), 0);
    }

    /**
     * Frobenius norm of what it adds to a weight, {@code scale B A + D}, computed row by row.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public double norm() {
        UpdateRows rows = new UpdateRows(new LoraMerge.Part(this, 1));
        double[] squares =
                IntStream.range(0, shape().dim(0))
                        .parallel()
                        .mapToDouble(
                                o -> {
                                    float[] row = new float[shape().dim(1)];
                                    rows.addDifference(o, row);
                                    double sum = 0;
                                    for (float value : row) {
                                        sum += (double) value * value;
                                    }
                                    return sum;
                                })
                        .toArray();
        double norm = Math.sqrt(Arrays.stream(squares).sum());
        if (!Double.isFinite(norm)) {
            throw new IllegalArgumentException("the adapter must be finite, got " + norm);
        }
        return norm;
    }

    /** A weight's shape as [out, in]; in is 1 for a vector. */
    static Shape matrix(Shape shape) {
        int out = shape.rank() == 0 ? 1 : shape.dim(0);
        return Shape.of(out, out == 0 ? 0 : Math.toIntExact(shape.numel() / out));
    }

    /** The part of it for a module that takes some rows of the weight. */
    Update rows(List<Rows> rows) {
        LoraPair some =
                pair == null ? null : new LoraPair(pair.a(), rows(pair.b(), rows), pair.alpha());
        return new Update(
                some,
                full == null ? null : full.rows(rows),
                magnitude == null ? null : rows(magnitude, rows),
                bias == null ? null : rows(bias, rows));
    }

    /** Rows of a tensor: a view if they are one range, else a copy. */
    private static HostTensor rows(HostTensor tensor, List<Rows> rows) {
        DType dtype = tensor.dtype();
        int rowBytes =
                Math.toIntExact(tensor.shape().numel() / tensor.shape().dim(0)) * dtype.bytes();
        int count = rows.stream().mapToInt(Rows::count).sum();
        Shape shape = tensor.shape().with(0, count);
        if (rows.size() == 1) {
            return new HostTensor(dtype, shape, slice(tensor.data(), rows.get(0), rowBytes));
        }
        ByteBuffer copy = ByteBuffer.allocateDirect(count * rowBytes);
        rows.forEach(range -> copy.put(slice(tensor.data(), range, rowBytes)));
        return new HostTensor(dtype, shape, copy.flip().order(ByteOrder.LITTLE_ENDIAN));
    }

    private static ByteBuffer slice(ByteBuffer data, Rows range, int rowBytes) {
        return data.slice(range.begin() * rowBytes, range.count() * rowBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}

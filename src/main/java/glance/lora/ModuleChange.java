package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;
import glance.io.Scaling;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One module under experts of which some are no plain LoRA, for fixed strengths, in the form in
 * which {@link glance.nn.Linear} takes it. With W_i' what DoRA i alone would make of W, and c_i the
 * scale of its rows,
 *
 * <pre>
 * W + sum (W_i' - W) + sum s_j B_j A_j + sum D_k
 *     = c * (W + sum (c_i / c) s_i B_i A_i + sum (1 / c) s_j B_j A_j + sum (1 / c) D_k)
 * c   = 1 + sum (c_i - 1)
 * </pre>
 *
 * @param rowScale c [out]; null for ones
 * @param pairs the low-rank parts, whose strengths are not in them
 * @param weight the weight with what is of full rank, or null if it stays
 * @param bias the bias with what is added, over c; null if it stays
 */
record ModuleChange(float[] rowScale, List<LoraPair> pairs, HostTensor weight, HostTensor bias) {
    /** Keeps a bias over the scale finite; a row this short has no other effect. */
    private static final double LEAST = 1e-30;

    /**
     * Computes it.
     *
     * @param weight the model's own, [out, ...]
     * @param bias the model's own [out], or null
     */
    static ModuleChange of(
            String module, HostTensor weight, HostTensor bias, List<LoraMerge.Part> parts) {
        List<UpdateRows> rows = parts.stream().map(UpdateRows::new).toList();
        double[][] own = new double[parts.size()][];
        for (int i = 0; i < own.length; i++) {
            own[i] = rows.get(i).isDora() ? rowScales(weight, rows.get(i)) : null;
        }
        double[] all = sum(own);
        boolean full = parts.stream().anyMatch(part -> part.update().full() != null);
        boolean biased = parts.stream().anyMatch(part -> part.update().bias() != null);
        return new ModuleChange(
                all == null ? null : floats(all),
                pairs(parts, own, all),
                full ? weight(weight, rows, all) : null,
                biased || all != null && bias != null ? bias(module, bias, parts, all) : null);
    }

    /** The same for a layer that multiplies its rows by scales, unless the weight is replaced. */
    ModuleChange over(Scaling scaling) {
        if (scaling == Scaling.NONE || weight != null) {
            return this;
        }
        return new ModuleChange(
                rowScale == null ? null : times(rowScale, scaling),
                pairs,
                null,
                bias == null ? null : scaling.over(bias));
    }

    private static float[] times(float[] values, Scaling scaling) {
        float[] scaled = values.clone();
        for (int row = 0; row < scaled.length; row++) {
            scaled[row] *= scaling.scale(row);
        }
        return scaled;
    }

    private static double[] rowScales(HostTensor weight, UpdateRows rows) {
        int out = weight.shape().dim(0);
        int in = Update.matrix(weight.shape()).dim(1);
        return IntStream.range(0, out)
                .parallel()
                .mapToDouble(
                        o -> {
                            float[] row = new float[in];
                            HostFloats.read(weight.dtype(), weight.data(), o * in, row);
                            return rows.rowScale(o, row);
                        })
                .toArray();
    }

    /** c, or null without a DoRA. */
    private static double[] sum(double[][] own) {
        double[] sum = null;
        for (double[] scales : own) {
            if (scales != null) {
                sum = sum == null ? new double[scales.length] : sum;
                for (int o = 0; o < sum.length; o++) {
                    sum[o] += scales[o] - 1;
                }
            }
        }
        if (sum != null) {
            for (int o = 0; o < sum.length; o++) {
                sum[o] = Math.copySign(Math.max(LEAST, Math.abs(sum[o] + 1)), sum[o] + 1);
            }
        }
        return sum;
    }

    /** A DoRA alone keeps its matrices as they are. */
    private static List<LoraPair> pairs(List<LoraMerge.Part> parts, double[][] own, double[] all) {
        List<LoraPair> pairs = new ArrayList<>();
        for (int i = 0; i < own.length; i++) {
            LoraPair pair = parts.get(i).update().pair();
            if (pair != null && all != null && own.length > 1) {
                pairs.add(new LoraPair(pair.a(), scaled(pair.b(), own[i], all), pair.alpha()));
            } else if (pair != null) {
                pairs.add(pair);
            }
        }
        return pairs;
    }

    private static HostTensor scaled(HostTensor up, double[] own, double[] all) {
        int rank = up.shape().dim(1);
        float[] values = HostFloats.read(up);
        for (int i = 0; i < values.length; i++) {
            int o = i / rank;
            values[i] *= (float) ((own == null ? 1 : own[o]) / all[o]);
        }
        return HostFloats.tensor(up.dtype(), up.shape(), values);
    }

    private static HostTensor weight(HostTensor weight, List<UpdateRows> rows, double[] all) {
        DType dtype = HostFloats.supports(weight.dtype()) ? weight.dtype() : DType.BF16;
        Shape matrix = Update.matrix(weight.shape());
        int in = matrix.dim(1);
        float[] changed = new float[Math.multiplyExact(matrix.dim(0), in)];
        IntStream.range(0, matrix.dim(0))
                .parallel()
                .forEach(
                        o -> {
                            float[] row = new float[in];
                            HostFloats.read(weight.dtype(), weight.data(), o * in, row);
                            float factor = all == null ? 1 : (float) (1 / all[o]);
                            rows.forEach(part -> part.addFull(o, factor, row));
                            System.arraycopy(row, 0, changed, o * in, in);
                        });
        return HostFloats.tensor(
                dtype, weight.shape().rank() == 1 ? weight.shape() : matrix, changed);
    }

    private static HostTensor bias(
            String module, HostTensor bias, List<LoraMerge.Part> parts, double[] all) {
        int out = parts.get(0).update().shape().dim(0);
        HostTensor own =
                bias == null ? HostFloats.tensor(DType.F32, Shape.of(out), new float[out]) : bias;
        float[] sum = HostFloats.read(LoraMerge.mergeBias(module, own, parts, DType.F32));
        for (int o = 0; all != null && o < out; o++) {
            sum[o] = (float) (sum[o] / all[o]);
        }
        return HostFloats.tensor(DType.F32, Shape.of(out), sum);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}

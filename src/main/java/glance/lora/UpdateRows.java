package glance.lora;

import glance.io.HostFloats;
import glance.io.HostTensor;

/** What an adapter makes of a weight at a strength, row by row. For any threads at once. */
final class UpdateRows {
    private final Update update;
    private final float strength;
    private final float[][] down; // (rank, in), or null without a pair
    private final float[] up; // (out, rank), with strength and scale
    private final float[] magnitude; // or null

    UpdateRows(LoraMerge.Part part) {
        this.update = part.update();
        this.strength = part.strength();
        LoraPair pair = update.pair();
        this.down = pair == null ? null : rows(pair.a());
        this.up = pair == null ? null : HostFloats.times(pair.b(), strength * pair.scale());
        this.magnitude = update.magnitude() == null ? null : HostFloats.read(update.magnitude());
    }

    private static float[][] rows(HostTensor matrix) {
        float[][] rows = new float[matrix.shape().dim(0)][matrix.shape().dim(1)];
        for (int r = 0; r < rows.length; r++) {
            HostFloats.read(matrix.dtype(), matrix.data(), r * rows[r].length, rows[r]);
        }
        return rows;
    }

    /** Whether rows are brought to a length. */
    boolean isDora() {
        return magnitude != null;
    }

    /** {@code m / |W + s B A|} of a row of a DoRA. */
    double rowScale(int o, float[] weight) {
        return scaleOf(o, withPair(o, weight));
    }

    private float[] withPair(int o, float[] weight) {
        float[] sum = weight.clone();
        addPair(o, sum);
        return sum;
    }

    private double scaleOf(int o, float[] row) {
        double squares = 0;
        for (float value : row) {
            squares += (double) value * value;
        }
        return magnitude[o] / Math.sqrt(squares);
    }

    /** {@code update += W' - W} for a row. */
    void addRow(int o, float[] weight, float[] sum) {
        if (isDora()) {
            float[] whole = withPair(o, weight);
            double scale = scaleOf(o, whole);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += (float) (scale * whole[i] - weight[i]);
            }
            addFull(o, 1, sum);
        } else {
            addDifference(o, sum);
        }
    }

    /** {@code sum += s B A + D} for a row, whatever its length. */
    void addDifference(int o, float[] sum) {
        if (down != null) {
            addPair(o, sum);
        }
        addFull(o, 1, sum);
    }

    /** {@code sum += factor D} for a row of what is of full rank, if there is any. */
    void addFull(int o, float factor, float[] sum) {
        if (update.full() != null) {
            update.full().addRow(o, factor * strength, sum);
        }
    }

    private void addPair(int o, float[] sum) {
        for (int r = 0; r < down.length; r++) {
            float scale = up[o * down.length + r];
            float[] row = down[r];
            for (int i = 0; i < sum.length; i++) {
                sum[i] += scale * row[i];
            }
        }
    }
}

package glance.model.dit;

import glance.ops.Ops;
import glance.tensor.Shape;
import glance.tensor.Tensor;

/**
 * Fixed positions of a grid of tokens: the first half of the channels tells the column, the second
 * the row, each as sines and then cosines of {@code p / 10000^(i / (dim / 4))}. Coordinates are
 * stretched so that any grid spans the one of training. Equals get_2d_sincos_pos_embed of
 * diffusers, computed in float64.
 */
final class SinCosPositions {
    private static final double BASE = 10000;

    private SinCosPositions() {}

    /**
     * The positions.
     *
     * @param baseTokens tokens along a side of the grid of training
     * @return [1, height * width, dim]
     */
    static Tensor of(Ops ops, int height, int width, int baseTokens, int dim) {
        int quarter = dim / 4;
        float[] values = new float[Math.toIntExact(Shape.of(height, width, dim).numel())];
        for (int token = 0; token < height * width; token++) {
            double column = token % width * (double) baseTokens / width;
            double row = token / width * (double) baseTokens / height;
            for (int i = 0; i < quarter; i++) {
                double frequency = Math.pow(BASE, -i / (double) quarter);
                int at = token * dim + i;
                values[at] = (float) Math.sin(column * frequency);
                values[at + quarter] = (float) Math.cos(column * frequency);
                values[at + 2 * quarter] = (float) Math.sin(row * frequency);
                values[at + 3 * quarter] = (float) Math.cos(row * frequency);
            }
        }
        return ops.host().floats(Shape.of(1, height * width, dim), values);
    }
}

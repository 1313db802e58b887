package glance.model.autoencoderqwen;

import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers that look only at near pixels, run on a picture strip by strip. Each strip takes so many
 * rows of its neighbours along that the false zeros beyond them do not reach the rows that are
 * kept: the result is that of the whole picture, bit for bit, in memory for one strip.
 */
final class StripRunner {
    private StripRunner() {}

    /** Runs the layers on the whole; each result but the last is freed once it was read. */
    static Tensor whole(Ops ops, List<Layer> layers, Tensor input) {
        Tensor x = input;
        for (Layer layer : layers) {
            Tensor y;
            try (Scope scope = ops.scope()) {
                y = scope.keep(layer.forward(ops, x));
            }
            if (x != input) {
                ops.free(x);
            }
            x = y;
        }
        return x;
    }

    /**
     * Runs the layers on strips.
     *
     * @param rows rows of the input in a strip
     * @param halo rows of the input that a strip takes along on each side
     * @param up by how much the layers enlarge the height
     * @param down by how much they reduce it; divides rows, halo and the height
     */
    static Tensor strips(
            Ops ops, List<Layer> layers, Tensor input, int rows, int halo, int up, int down) {
        int height = input.dim(1);
        try (Scope all = ops.scope()) {
            List<Tensor> results = new ArrayList<>();
            for (int from = 0; from < height; from += rows) {
                int kept = Math.min(rows, height - from);
                int first = Math.max(0, from - halo);
                int end = Math.min(height, from + kept + halo);
                try (Scope scope = ops.scope()) {
                    Tensor strip = ops.pack(input.narrow(1, first, end - first));
                    Tensor y = whole(ops, layers, strip);
                    int start = (from - first) * up / down;
                    results.add(scope.keep(ops.pack(y.narrow(1, start, kept * up / down))));
                }
            }
            return all.keep(ops.concat(1, results));
        }
    }
}

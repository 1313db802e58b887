package glance.model.autoencoderkl;

import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;

/**
 * A picture cut into strips from top to bottom; a whole picture is one strip. A layer computes its
 * result strip by strip and gives up the strips of its input on the way, so that of two pictures
 * hardly more than one is in memory at a time. What a convolution reads beyond a strip it gets as a
 * copy of the neighbour's rows: the result is that of the whole picture, bit for bit.
 */
final class Strips {
    private final List<Tensor> parts; // each (batch, height_i, width, channels)

    private Strips(List<Tensor> parts) {
        this.parts = List.copyOf(parts);
    }

    /**
     * One strip with its neighbours' rows.
     *
     * @param rows the strip, with as many rows of its neighbours as were asked for and exist
     * @param index number of the strip from the top
     * @param top whether it starts at the first row of the picture
     * @param bottom whether it ends at the last row of the picture
     */
    record Strip(Tensor rows, int index, boolean top, boolean bottom) {}

    /** The whole picture as one strip. */
    static Strips whole(Tensor picture) {
        return new Strips(List.of(picture));
    }

    /** Cuts a picture, which is given up, into strips of at most {@code height} rows. */
    static Strips cut(Ops ops, Tensor picture, int height) {
        int rows = picture.dim(1);
        if (height >= rows) {
            return whole(picture);
        }
        List<Tensor> parts = new ArrayList<>();
        for (int from = 0; from < rows; from += height) {
            parts.add(ops.pack(picture.narrow(1, from, Math.min(height, rows - from))));
        }
        ops.free(picture);
        return new Strips(parts);
    }

    /** The strips from top to bottom. */
    List<Tensor> parts() {
        return parts;
    }

    /** The strips as one tensor; they are given up. */
    Tensor join(Ops ops) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        Tensor picture = ops.concat(1, parts);
        parts.forEach(ops::free);
        return picture;
    }

    /**
     * The result of a layer that leaves this picture as it is.
     *
     * @param above rows that the layer reads above a strip
     * @param below rows that the layer reads below a strip
     */
    Strips read(Ops ops, int above, int below, Function<Strip, Tensor> layer) {
        return run(ops, above, below, layer, i -> {});
    }

    /** The result of a layer, for which this picture is given up. */
    Strips map(Ops ops, int above, int below, Function<Strip, Tensor> layer) {
        return run(ops, above, below, layer, i -> freeRead(ops, i));
    }

    /** As {@link #map}, for a layer that also reads the same strip of {@code beside}: both go. */
    Strips mapWith(Strips beside, Ops ops, int above, int below, Function<Strip, Tensor> layer) {
        return run(
                ops,
                above,
                below,
                layer,
                i -> {
                    ops.free(beside.parts.get(i));
                    freeRead(ops, i);
                });
    }

    /** The results of two layers, the second without neighbours, for which this picture goes. */
    List<Strips> fork(
            Ops ops,
            int above,
            int below,
            Function<Strip, Tensor> layer,
            UnaryOperator<Tensor> pointwise) {
        List<Tensor> others = new ArrayList<>();
        Strips results =
                run(
                        ops,
                        above,
                        below,
                        layer,
                        i -> {
                            others.add(pointwise.apply(parts.get(i)));
                            freeRead(ops, i);
                        });
        return List.of(results, new Strips(others));
    }

    private Strips run(
            Ops ops, int above, int below, Function<Strip, Tensor> layer, IntConsumer done) {
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            try (Scope scope = ops.scope()) {
                results.add(scope.keep(layer.apply(strip(ops, i, above, below))));
            }
            done.accept(i);
        }
        return new Strips(results);
    }

    /** Once strip {@code i} is done nobody reads the one above it; the last goes with its own. */
    private void freeRead(Ops ops, int i) {
        if (i > 0) {
            ops.free(parts.get(i - 1));
        }
        if (i == parts.size() - 1) {
            ops.free(parts.get(i));
        }
    }

    private Strip strip(Ops ops, int i, int above, int below) {
        boolean top = i == 0;
        boolean bottom = i == parts.size() - 1;
        Tensor rows = parts.get(i);
        List<Tensor> joined = new ArrayList<>();
        if (!top && above > 0) {
            Tensor before = parts.get(i - 1);
            joined.add(before.narrow(1, before.dim(1) - above, above));
        }
        joined.add(rows);
        if (!bottom && below > 0) {
            joined.add(parts.get(i + 1).narrow(1, 0, below));
        }
        return new Strip(joined.size() == 1 ? rows : ops.concat(1, joined), i, top, bottom);
    }
}

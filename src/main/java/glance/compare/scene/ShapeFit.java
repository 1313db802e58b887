package glance.compare.scene;

/**
 * The shape, place and radius that explain a patch best: those of the greatest overlap
 *
 * <pre>
 *   sum over pixels of min(patch, shape) / sum over pixels of max(patch, shape)
 * </pre>
 *
 * which is 1 for equal outlines and 0 for disjoint ones.
 *
 * @param x of the centre, in pixels
 * @param y of the centre, in pixels
 * @param radius in pixels
 * @param overlap of shape and patch, 0 to 1
 */
record ShapeFit(SceneShape shape, double x, double y, double radius, double overlap) {
    private static final double[] STEPS_PIXELS = {1.5, 0.7, 0.3, 0.15};
    private static final int MAX_MOVES = 12;
    private static final double[][] DIRECTIONS = {
        {1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}
    };

    /** Fits every shape and returns the best. */
    static ShapeFit best(Patch patch) {
        double area = patch.area();
        double[] centroid = patch.centroid();
        ShapeFit best = null;
        for (SceneShape shape : SceneShape.values()) {
            ShapeFit fit = climb(shape, patch, area, centroid);
            if (best == null || fit.overlap > best.overlap) {
                best = fit;
            }
        }
        return best;
    }

    /** Starts where area and centre of gravity agree, then walks uphill in shrinking steps. */
    private static ShapeFit climb(SceneShape shape, Patch patch, double area, double[] centroid) {
        ShapeMask mask = ShapeMask.of(shape);
        double radius = Math.sqrt(area / mask.area());
        ShapeFit here =
                at(
                        shape,
                        patch,
                        centroid[0] - radius * mask.centroidX(),
                        centroid[1] - radius * mask.centroidY(),
                        radius);
        for (double step : STEPS_PIXELS) {
            for (int move = 0; move < MAX_MOVES; move++) {
                ShapeFit next = here;
                for (double[] d : DIRECTIONS) {
                    double r = here.radius + step * d[2];
                    if (r > 1) {
                        ShapeFit there =
                                at(shape, patch, here.x + step * d[0], here.y + step * d[1], r);
                        next = there.overlap > next.overlap ? there : next;
                    }
                }
                if (next == here) {
                    break;
                }
                here = next;
            }
        }
        return here;
    }

    private static ShapeFit at(SceneShape shape, Patch patch, double x, double y, double radius) {
        ShapeMask mask = ShapeMask.of(shape);
        double common = 0;
        double either = 0;
        for (int row = 0; row < patch.height(); row++) {
            for (int column = 0; column < patch.width(); column++) {
                double drawn = patch.cover()[row * patch.width() + column];
                boolean far =
                        Math.abs(column + 0.5 - x) > 1.25 * radius + 1
                                || Math.abs(row + 0.5 - y) > 1.25 * radius + 1;
                double covered = far ? 0 : mask.coverage(column, row, x, y, radius);
                common += Math.min(drawn, covered);
                either += Math.max(drawn, covered);
            }
        }
        return new ShapeFit(shape, x, y, radius, either == 0 ? 0 : common / either);
    }
}

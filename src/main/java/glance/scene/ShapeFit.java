package glance.scene;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

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
    private static final double MAX_BEHIND = 0.2;
    private static final int MAX_MOVES = 12;
    private static final double[][] DIRECTIONS = {
        {1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}
    };

    /**
     * Fits the shapes and returns the best. Each starts where area and centre of gravity agree; the
     * ones that are far behind there are given up.
     */
    static ShapeFit best(Patch patch) {
        double area = patch.area();
        double[] centroid = patch.centroid();
        List<ShapeFit> starts =
                Arrays.stream(SceneShape.values())
                        .map(shape -> start(shape, patch, area, centroid))
                        .toList();
        double leader = starts.stream().mapToDouble(ShapeFit::overlap).max().orElseThrow();
        return starts.stream()
                .filter(start -> start.overlap >= leader - MAX_BEHIND)
                .map(start -> start.climb(patch))
                .max(Comparator.comparingDouble(ShapeFit::overlap))
                .orElseThrow();
    }

    private static ShapeFit start(SceneShape shape, Patch patch, double area, double[] centroid) {
        ShapeMask mask = ShapeMask.of(shape);
        double r = Math.sqrt(area / mask.area());
        double x = centroid[0] - r * mask.centroidX();
        double y = centroid[1] - r * mask.centroidY();
        return at(shape, patch, x, y, r);
    }

    /** Walks uphill in shrinking steps. */
    private ShapeFit climb(Patch patch) {
        ShapeFit here = this;
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
        double reach = ShapeMask.REACH * radius;
        int left = Math.max(0, (int) Math.min(patch.left(), x - reach));
        int top = Math.max(0, (int) Math.min(patch.top(), y - reach));
        int right = Math.min(patch.width(), (int) Math.max(patch.right(), x + reach + 1));
        int bottom = Math.min(patch.height(), (int) Math.max(patch.bottom(), y + reach + 1));
        double common = 0;
        double either = 0;
        for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
                double drawn = patch.cover()[row * patch.width() + column];
                double covered = mask.coverage(column, row, x, y, radius);
                common += Math.min(drawn, covered);
                either += Math.max(drawn, covered);
            }
        }
        return new ShapeFit(shape, x, y, radius, either == 0 ? 0 : common / either);
    }
}

package glance.scene;

import java.util.EnumMap;
import java.util.Map;

/**
 * A shape of radius 1 as a fine grid of cells, summed from the corner, so that the share of any
 * rectangle that the shape covers is four reads (Crow, Summed-area tables, 1984).
 */
final class ShapeMask {
    /** The farthest that a shape of radius 1 reaches, and a little. */
    static final double REACH = 1.25;

    private static final int CELLS = 200;
    private static final double CELL = 2 * REACH / CELLS;
    private static final Map<SceneShape, ShapeMask> ALL = new EnumMap<>(SceneShape.class);

    static {
        for (SceneShape shape : SceneShape.values()) {
            ALL.put(shape, new ShapeMask(shape));
        }
    }

    private final double[][] sums = new double[CELLS + 1][CELLS + 1];
    private final double centroidX;
    private final double centroidY;

    private ShapeMask(SceneShape shape) {
        double momentX = 0;
        double momentY = 0;
        for (int row = 0; row < CELLS; row++) {
            double line = 0;
            for (int column = 0; column < CELLS; column++) {
                double x = (column + 0.5) * CELL - REACH;
                double y = (row + 0.5) * CELL - REACH;
                if (shape.contains(x, y)) {
                    line++;
                    momentX += x;
                    momentY += y;
                }
                sums[row + 1][column + 1] = sums[row][column + 1] + line;
            }
        }
        centroidX = momentX / sums[CELLS][CELLS];
        centroidY = momentY / sums[CELLS][CELLS];
    }

    static ShapeMask of(SceneShape shape) {
        return ALL.get(shape);
    }

    /** Area at radius 1. */
    double area() {
        return sums[CELLS][CELLS] * CELL * CELL;
    }

    /** Centre of gravity at radius 1, measured from the centre of the shape. */
    double centroidX() {
        return centroidX;
    }

    /** As {@link #centroidX}, downwards. */
    double centroidY() {
        return centroidY;
    }

    /** The share of a pixel that the shape covers, 0 to 1. */
    double coverage(int column, int row, double x, double y, double radius) {
        double left = (column - x) / radius;
        double top = (row - y) / radius;
        double side = 1 / radius;
        double covered =
                sum(left + side, top + side)
                        - sum(left, top + side)
                        - sum(left + side, top)
                        + sum(left, top);
        return covered * CELL * CELL / (side * side);
    }

    /** Cells covered above and left of a point, interpolated within the point's cell. */
    private double sum(double x, double y) {
        double column = Math.min(CELLS, Math.max(0, (x + REACH) / CELL));
        double row = Math.min(CELLS, Math.max(0, (y + REACH) / CELL));
        int c = Math.min(CELLS - 1, (int) column);
        int r = Math.min(CELLS - 1, (int) row);
        double u = column - c;
        double v = row - r;
        double upper = sums[r][c] * (1 - u) + sums[r][c + 1] * u;
        double lower = sums[r + 1][c] * (1 - u) + sums[r + 1][c + 1] * u;
        return upper * (1 - v) + lower * v;
    }
}

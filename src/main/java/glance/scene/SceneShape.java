package glance.scene;

import java.util.Locale;

/**
 * The shapes of the scenes, with the outlines of weights/recipe/scenes.py at radius 1 around the
 * origin; y points down.
 */
public enum SceneShape {
    CIRCLE {
        @Override
        boolean contains(double x, double y) {
            return inDisc(x, y, 0, 0, 1);
        }
    },
    SQUARE {
        @Override
        boolean contains(double x, double y) {
            return Math.max(Math.abs(x), Math.abs(y)) <= 0.86;
        }
    },
    TRIANGLE {
        @Override
        boolean contains(double x, double y) {
            return inPolygon(x, y - 0.15, 3, 1.1);
        }
    },
    STAR {
        @Override
        boolean contains(double x, double y) {
            double half = Math.PI / 5;
            double angle = Math.abs(Math.IEEEremainder(Math.atan2(x, -y), 2 * half));
            double radius = Math.hypot(x, y);
            // The edge from the outer corner at angle 0 to the inner corner at angle pi / 5.
            double outer = 1.1;
            double inner = 1.1 * 0.42;
            double edge =
                    outer
                            * inner
                            * Math.sin(half)
                            / (inner * Math.sin(half - angle) + outer * Math.sin(angle));
            return radius <= edge;
        }
    },
    HEART {
        @Override
        boolean contains(double x, double y) {
            boolean lobes = inDisc(x, y, -0.45, -0.3, 0.55) || inDisc(x, y, 0.45, -0.3, 0.55);
            boolean tip = y >= -0.1 && y <= 1 && Math.abs(x) <= 0.96 * (1 - y) / 1.1;
            return lobes || tip;
        }
    },
    RING {
        @Override
        boolean contains(double x, double y) {
            return inDisc(x, y, 0, 0, 1) && !inDisc(x, y, 0, 0, 0.55);
        }
    },
    CROSS {
        @Override
        boolean contains(double x, double y) {
            double longer = Math.max(Math.abs(x), Math.abs(y));
            double shorter = Math.min(Math.abs(x), Math.abs(y));
            return longer <= 1 && shorter <= 0.36;
        }
    },
    DIAMOND {
        @Override
        boolean contains(double x, double y) {
            return Math.abs(x) / 0.75 + Math.abs(y) / 1.1 <= 1;
        }
    },
    MOON {
        @Override
        boolean contains(double x, double y) {
            return inDisc(x, y, 0, 0, 1) && !inDisc(x, y, 0.5, -0.15, 0.85);
        }
    },
    HEXAGON {
        @Override
        boolean contains(double x, double y) {
            return inPolygon(x, y, 6, 1);
        }
    };

    /** The word of the captions. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the shape of radius 1 covers a point. */
    abstract boolean contains(double x, double y);

    private static boolean inDisc(double x, double y, double cx, double cy, double radius) {
        return Math.hypot(x - cx, y - cy) <= radius;
    }

    /** A regular polygon with a corner at the top. */
    private static boolean inPolygon(double x, double y, int corners, double radius) {
        double half = Math.PI / corners;
        double angle = Math.IEEEremainder(Math.atan2(x, -y) - half, 2 * half);
        return Math.hypot(x, y) * Math.cos(angle) <= radius * Math.cos(half);
    }
}

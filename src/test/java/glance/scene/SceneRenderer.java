package glance.scene;

import glance.scene.Scene.SceneObject;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/** Draws scenes as weights/recipe/scenes.py does: four times as large, then averaged. */
final class SceneRenderer {
    private static final int SCALE = 4;

    private SceneRenderer() {}

    static BufferedImage render(Scene scene) {
        int side = Scene.SIDE * SCALE;
        BufferedImage large = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = large.createGraphics();
        Color background = color(scene.background());
        g.setColor(background);
        g.fillRect(0, 0, side, side);
        g.scale(SCALE, SCALE);
        scene.objects().forEach(object -> draw(g, object, background));
        g.dispose();
        return shrink(large);
    }

    private static Color color(SceneColor color) {
        float[] rgb = color.rgb();
        return new Color((int) rgb[0], (int) rgb[1], (int) rgb[2]);
    }

    private static void draw(Graphics2D g, SceneObject object, Color background) {
        double x = object.x();
        double y = object.y();
        double r = object.radius();
        g.setColor(color(object.color()));
        switch (object.shape()) {
            case CIRCLE -> disc(g, x, y, r);
            case SQUARE -> box(g, x, y, 0.86 * r, 0.86 * r);
            case TRIANGLE -> g.fill(star(x, y + 0.15 * r, 1.1 * r, 1.1 * r, 3, 1));
            case STAR -> g.fill(star(x, y, 1.1 * r, 1.1 * 0.42 * r, 5, 2));
            case HEXAGON -> g.fill(star(x, y, r, r, 6, 1));
            case DIAMOND ->
                    g.fill(
                            polygon(
                                    x,
                                    y - 1.1 * r,
                                    x + 0.75 * r,
                                    y,
                                    x,
                                    y + 1.1 * r,
                                    x - 0.75 * r,
                                    y));
            case RING -> {
                disc(g, x, y, r);
                g.setColor(background);
                disc(g, x, y, 0.55 * r);
            }
            case CROSS -> {
                box(g, x, y, r, 0.36 * r);
                box(g, x, y, 0.36 * r, r);
            }
            case MOON -> {
                disc(g, x, y, r);
                g.setColor(background);
                disc(g, x + 0.5 * r, y - 0.15 * r, 0.85 * r);
            }
            case HEART -> {
                disc(g, x - 0.45 * r, y - 0.3 * r, 0.55 * r);
                disc(g, x + 0.45 * r, y - 0.3 * r, 0.55 * r);
                g.fill(polygon(x - 0.96 * r, y - 0.1 * r, x + 0.96 * r, y - 0.1 * r, x, y + r));
            }
        }
    }

    private static void disc(Graphics2D g, double x, double y, double r) {
        g.fill(new Ellipse2D.Double(x - r, y - r, 2 * r, 2 * r));
    }

    private static void box(Graphics2D g, double x, double y, double halfWidth, double halfHeight) {
        g.fill(
                new Rectangle2D.Double(
                        x - halfWidth, y - halfHeight, 2 * halfWidth, 2 * halfHeight));
    }

    /** Corners of two radii in turn, or of one if perCorner is 1. */
    private static Path2D star(
            double x, double y, double outer, double inner, int corners, int perCorner) {
        int count = corners * perCorner;
        double[] points = new double[2 * count];
        for (int i = 0; i < count; i++) {
            double radius = i % 2 == 0 || perCorner == 1 ? outer : inner;
            double angle = 2 * Math.PI * i / count;
            points[2 * i] = x + radius * Math.sin(angle);
            points[2 * i + 1] = y - radius * Math.cos(angle);
        }
        return polygon(points);
    }

    private static Path2D polygon(double... points) {
        Path2D path = new Path2D.Double();
        path.moveTo(points[0], points[1]);
        for (int i = 2; i < points.length; i += 2) {
            path.lineTo(points[i], points[i + 1]);
        }
        path.closePath();
        return path;
    }

    private static BufferedImage shrink(BufferedImage large) {
        BufferedImage small = new BufferedImage(Scene.SIDE, Scene.SIDE, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < Scene.SIDE; y++) {
            for (int x = 0; x < Scene.SIDE; x++) {
                int[] sum = new int[3];
                for (int i = 0; i < SCALE * SCALE; i++) {
                    int rgb = large.getRGB(x * SCALE + i % SCALE, y * SCALE + i / SCALE);
                    sum[0] += rgb >> 16 & 255;
                    sum[1] += rgb >> 8 & 255;
                    sum[2] += rgb & 255;
                }
                int n = SCALE * SCALE;
                small.setRGB(x, y, sum[0] / n << 16 | sum[1] / n << 8 | sum[2] / n);
            }
        }
        return small;
    }
}

package glance.scene;

import glance.scene.Scene.SceneObject;
import java.util.Arrays;

/**
 * What captions say about places. A single object must be nearest to its own of nine places:
 * middle, sides, corners. Of two, one must lie in the named direction from the other, more than in
 * any other of the four. A mere number of objects may lie anywhere.
 */
final class Layout {
    private static final double[] PLACES = {17, 32, 47};

    private Layout() {}

    /** Whether the objects are where the caption puts them; null if it does not say. */
    static Boolean judge(Scene scene, FoundObject[] partners) {
        if (scene.kind() == Scene.Kind.COUNT) {
            return null;
        }
        if (Arrays.asList(partners).contains(null)) {
            return false;
        }
        for (int i = 0; i < partners.length; i++) {
            SceneObject one = scene.objects().get(i);
            ShapeFit fit = partners[i].fit();
            if (partners.length == 1 && place(fit.x(), fit.y()) != place(one.x(), one.y())) {
                return false;
            }
            for (int j = 0; j < i; j++) {
                SceneObject other = scene.objects().get(j);
                ShapeFit otherFit = partners[j].fit();
                if (!sameDirection(
                        other.x() - one.x(),
                        other.y() - one.y(),
                        otherFit.x() - fit.x(),
                        otherFit.y() - fit.y())) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The nearest of nine places in reading order. */
    private static int place(double x, double y) {
        return nearest(y) * PLACES.length + nearest(x);
    }

    private static int nearest(double value) {
        int best = 0;
        for (int i = 1; i < PLACES.length; i++) {
            best = Math.abs(value - PLACES[i]) < Math.abs(value - PLACES[best]) ? i : best;
        }
        return best;
    }

    /** Whether the second way leads where the larger part of the first one does. */
    private static boolean sameDirection(double dx, double dy, double foundDx, double foundDy) {
        boolean sideways = Math.abs(dx) > Math.abs(dy);
        boolean foundSideways = Math.abs(foundDx) > Math.abs(foundDy);
        return sideways == foundSideways && (sideways ? dx * foundDx > 0 : dy * foundDy > 0);
    }
}

package glance.scene;

import glance.scene.Scene.SceneObject;
import java.util.Comparator;
import java.util.List;

/**
 * Pairs the objects of a scene with those of a picture, each with one of its own or none, so that
 * colours, then shapes, then places agree best. There are few of both: all ways are tried.
 */
final class Pairing {
    private static final double COLOR_WEIGHT = 8;
    private static final double SHAPE_WEIGHT = 4;
    private static final double PRESENCE_WEIGHT = 2;

    private static final int MAX_FOUND = 8;

    private final List<SceneObject> wanted;
    private final List<FoundObject> found;
    private final FoundObject[] current;
    private final boolean[] used;
    private FoundObject[] best;
    private double bestValue = -1;

    private Pairing(List<SceneObject> wanted, List<FoundObject> found) {
        this.wanted = wanted;
        this.found = found;
        this.current = new FoundObject[wanted.size()];
        this.used = new boolean[found.size()];
    }

    /**
     * For each object of the scene the one that stands for it, or null. Of many, only the largest
     * take part.
     */
    static FoundObject[] best(List<SceneObject> wanted, List<FoundObject> found) {
        List<FoundObject> candidates =
                found.stream()
                        .sorted(
                                Comparator.comparingDouble(
                                        (FoundObject object) -> -object.fit().radius()))
                        .limit(MAX_FOUND)
                        .toList();
        Pairing pairing = new Pairing(wanted, candidates);
        pairing.extend(0, 0);
        return pairing.best;
    }

    private void extend(int at, double value) {
        if (at == current.length) {
            if (value > bestValue) {
                bestValue = value;
                best = current.clone();
            }
            return;
        }
        for (int i = 0; i < used.length; i++) {
            if (!used[i]) {
                used[i] = true;
                current[at] = found.get(i);
                extend(at + 1, value + agreement(wanted.get(at), found.get(i)));
                used[i] = false;
            }
        }
        current[at] = null;
        extend(at + 1, value);
    }

    private static double agreement(SceneObject wanted, FoundObject found) {
        ShapeFit fit = found.fit();
        double distance = Math.hypot(fit.x() - wanted.x(), fit.y() - wanted.y());
        return (found.color() == wanted.color() ? COLOR_WEIGHT : 0)
                + (SceneScorer.hasShape(found, wanted.shape()) ? SHAPE_WEIGHT : 0)
                + PRESENCE_WEIGHT
                - distance / Math.hypot(Scene.SIDE, Scene.SIDE);
    }
}

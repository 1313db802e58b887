package glance.scene;

import glance.api.SceneScore;
import glance.scene.Scene.SceneObject;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Judges pictures by scenes. Objects are found without knowing the scene, except that a patch is
 * only cut apart, as touching objects of one colour, where the scene has more of that colour. An
 * object of the scene without a partner among them is wrong in everything. Sizes are not judged.
 */
public final class SceneScorer {
    /** An outline that agrees less is none of the shapes; clean drawings reach 0.95. */
    static final double MIN_OVERLAP = 0.75;

    private static final double SPLIT_GAIN = 0.05;

    private SceneScorer() {}

    /**
     * Judges a picture.
     *
     * @throws IllegalArgumentException if it is not 64 x 64 pixels
     */
    public static SceneScore score(Scene scene, BufferedImage picture) {
        if (picture.getWidth() != Scene.SIDE || picture.getHeight() != Scene.SIDE) {
            throw new IllegalArgumentException(
                    "scene score: the picture must be 64 x 64 pixels, got "
                            + picture.getWidth()
                            + " x "
                            + picture.getHeight());
        }
        ObjectFinder finder = new ObjectFinder(picture);
        List<FoundObject> found = fit(finder.objects(), scene);
        FoundObject[] partners = Pairing.best(scene.objects(), found);
        boolean colors = true;
        boolean shapes = true;
        for (int i = 0; i < partners.length; i++) {
            SceneObject wanted = scene.objects().get(i);
            FoundObject partner = partners[i];
            colors &= partner != null && partner.color() == wanted.color();
            shapes &= partner != null && hasShape(partner, wanted.shape());
        }
        return new SceneScore(
                finder.background() == scene.background(),
                colors,
                shapes,
                found.size() == scene.objects().size(),
                Layout.judge(scene, partners));
    }

    static boolean hasShape(FoundObject found, SceneShape shape) {
        return found.fit().shape() == shape && found.fit().overlap() >= MIN_OVERLAP;
    }

    private static List<FoundObject> fit(List<Map.Entry<SceneColor, Patch>> patches, Scene scene) {
        List<FoundObject> found = new ArrayList<>();
        for (Map.Entry<SceneColor, Patch> entry : patches) {
            SceneColor color = entry.getKey();
            long wanted = scene.objects().stream().filter(o -> o.color() == color).count();
            long there = patches.stream().filter(e -> e.getKey() == color).count();
            int parts = (int) Math.max(1, wanted - there + 1);
            fitParts(entry.getValue(), parts).forEach(f -> found.add(new FoundObject(color, f)));
        }
        return found;
    }

    /** The fit of a patch, or of its parts if it is better explained by up to so many objects. */
    private static List<ShapeFit> fitParts(Patch patch, int maxParts) {
        List<ShapeFit> best = List.of(ShapeFit.best(patch));
        for (int parts = 2; parts <= maxParts; parts++) {
            List<ShapeFit> fits =
                    PatchSplitter.split(patch, parts).stream().map(ShapeFit::best).toList();
            if (worst(fits) >= MIN_OVERLAP && worst(fits) > worst(best) + SPLIT_GAIN) {
                best = fits;
            }
        }
        return best;
    }

    private static double worst(List<ShapeFit> fits) {
        return fits.stream().mapToDouble(ShapeFit::overlap).min().orElseThrow();
    }
}

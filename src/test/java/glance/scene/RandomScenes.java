package glance.scene;

import glance.scene.Scene.Kind;
import glance.scene.Scene.SceneObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Scenes drawn at random as weights/recipe/scenes.py draws them. */
final class RandomScenes {
    private static final double[][] PLACES = {
        {17, 17}, {47, 17}, {17, 47}, {47, 47}, {32, 16}, {32, 48}, {16, 32}, {48, 32}
    };
    private static final double[][][] GRIDS = {
        {{18, 32}, {46, 32}},
        {{32, 18}, {32, 46}},
        {{14, 32}, {32, 32}, {50, 32}},
        {{32, 17}, {17, 46}, {47, 46}},
        {{18, 18}, {46, 18}, {18, 46}, {46, 46}}
    };

    private final Random random;

    RandomScenes(long seed) {
        random = new Random(seed);
    }

    Scene next() {
        SceneColor background = pick(SceneColor.values());
        Kind kind = pick(Kind.values());
        List<SceneObject> objects =
                switch (kind) {
                    case ONE -> List.of(object(background, 32, 32, 4, 4, 12, 18));
                    case PLACE -> {
                        double[] place = pick(PLACES);
                        double least = random.nextBoolean() ? 8 : 11;
                        yield List.of(
                                object(background, place[0], place[1], 2, 2, least, least + 2.5));
                    }
                    case PAIR -> pair(background);
                    case COUNT -> count(background);
                };
        return new Scene("", kind, false, background, objects);
    }

    private List<SceneObject> pair(SceneColor background) {
        boolean sideways = random.nextBoolean();
        List<SceneObject> objects = new ArrayList<>();
        for (double at : new double[] {16, 48}) {
            double least = random.nextInt(4) == 0 ? 8 : 11;
            double most = least == 8 ? 10 : 14;
            objects.add(
                    sideways
                            ? object(background, at, 32, 2, 5, least, most)
                            : object(background, 32, at, 5, 2, least, most));
        }
        return objects;
    }

    private List<SceneObject> count(SceneColor background) {
        double[][] grid = pick(GRIDS);
        SceneColor color = colorOtherThan(background);
        SceneShape shape = pick(SceneShape.values());
        double radius = grid.length == 3 ? between(8, 10) : between(9, 12);
        List<SceneObject> objects = new ArrayList<>();
        for (double[] at : grid) {
            objects.add(new SceneObject(color, shape, around(at[0], 2), around(at[1], 2), radius));
        }
        return objects;
    }

    private SceneObject object(
            SceneColor background,
            double x,
            double y,
            double jitterX,
            double jitterY,
            double least,
            double most) {
        return new SceneObject(
                colorOtherThan(background),
                pick(SceneShape.values()),
                around(x, jitterX),
                around(y, jitterY),
                between(least, most));
    }

    SceneColor colorOtherThan(SceneColor color) {
        SceneColor other = pick(SceneColor.values());
        return other == color ? colorOtherThan(color) : other;
    }

    <T> T pick(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private double around(double centre, double jitter) {
        return centre + between(-jitter, jitter);
    }

    private double between(double least, double most) {
        return least + random.nextDouble() * (most - least);
    }
}

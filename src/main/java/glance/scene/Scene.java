package glance.scene;

import glance.api.FormatException;
import java.util.List;

/**
 * What a picture must show.
 *
 * @param prompt its caption
 * @param kind how the caption arranges the objects
 * @param unseenPair whether a colour and shape come together that training never showed so
 * @param background colour of everything else
 * @param objects one to four
 */
public record Scene(
        String prompt,
        Kind kind,
        boolean unseenPair,
        SceneColor background,
        List<SceneObject> objects) {

    /** Sides of a picture, in which positions are counted. */
    public static final int SIDE = 64;

    /** How a caption arranges its objects. */
    public enum Kind {
        /** One object, in the middle. */
        ONE,
        /** One object at a named place, such as top left. */
        PLACE,
        /** Two objects, one left of, right of, above or below the other. */
        PAIR,
        /** Two to four of the same; the caption does not say where. */
        COUNT
    }

    /**
     * @throws IllegalArgumentException if the number of objects is not one to four
     */
    public Scene {
        objects = List.copyOf(objects);
        if (objects.isEmpty() || objects.size() > 4) {
            throw new IllegalArgumentException(
                    "a scene must have 1 to 4 objects, got " + objects.size());
        }
    }

    /**
     * An object of a scene.
     *
     * @param x of its centre, in pixels from the left
     * @param y of its centre, in pixels from the top
     * @param radius in pixels
     */
    public record SceneObject(
            SceneColor color, SceneShape shape, double x, double y, double radius) {}

    /**
     * One line of a scenes file, such as
     *
     * <pre>{@code
     * {"prompt": "a blue cross, gray background", "kind": "one", "unseen_pair": false,
     *  "background": "gray", "objects": [{"color": "blue", "shape": "cross", "x": 32.5,
     *  "y": 31.9, "radius": 15.0}]}
     * }</pre>
     *
     * @throws FormatException naming the key that is missing or wrong
     */
    public static Scene read(glance.io.Config line) {
        return SceneReader.read(line);
    }
}

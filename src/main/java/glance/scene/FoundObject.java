package glance.scene;

/**
 * An object as it was found in a picture.
 *
 * @param color nearest of the known colours
 * @param fit nearest of the known shapes
 */
record FoundObject(SceneColor color, ShapeFit fit) {}

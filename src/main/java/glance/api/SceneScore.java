package glance.api;

/**
 * What of a scene a picture shows.
 *
 * @param background whether it has the colour of the scene
 * @param colors whether every object of the scene is there in its colour
 * @param shapes whether every object of the scene is there in its shape
 * @param count whether there are as many objects as in the scene
 * @param layout whether they are where the caption puts them; null where it says nothing
 */
public record SceneScore(
        boolean background, boolean colors, boolean shapes, boolean count, Boolean layout) {
    /** Whether nothing is wrong. */
    public boolean all() {
        return background && colors && shapes && count && !Boolean.FALSE.equals(layout);
    }
}

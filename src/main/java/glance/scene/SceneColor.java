package glance.scene;

import java.util.Locale;

/** The colours of the scenes, as the training pictures have them. */
public enum SceneColor {
    RED(214, 40, 40),
    ORANGE(247, 127, 0),
    YELLOW(252, 213, 53),
    GREEN(56, 142, 60),
    CYAN(38, 198, 218),
    BLUE(30, 80, 220),
    PURPLE(123, 31, 162),
    PINK(244, 120, 180),
    BROWN(121, 75, 45),
    WHITE(250, 250, 250),
    GRAY(140, 140, 140),
    BLACK(20, 20, 20);

    private final float[] rgb;

    SceneColor(int red, int green, int blue) {
        this.rgb = new float[] {red, green, blue};
    }

    /** The word of the captions. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Red, green and blue, 0 to 255. */
    public float[] rgb() {
        return rgb.clone();
    }

    /** The colour that is closest in RGB. Two of the twelve are at least 93 apart. */
    static SceneColor nearest(float[] color) {
        SceneColor best = RED;
        for (SceneColor candidate : values()) {
            if (squaredDistance(color, candidate.rgb) < squaredDistance(color, best.rgb)) {
                best = candidate;
            }
        }
        return best;
    }

    static float squaredDistance(float[] a, float[] b) {
        float sum = 0;
        for (int i = 0; i < 3; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}

package glance.serve;

import glance.io.Images;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Map;

/** Files of pictures to edit, and of masks. */
final class Drawn {
    private Drawn() {}

    /** A picture in two colours. */
    static byte[] picture(int width, int height, Color left, Color right) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(left);
        graphics.fillRect(0, 0, width / 2, height);
        graphics.setColor(right);
        graphics.fillRect(width / 2, 0, width - width / 2, height);
        graphics.dispose();
        return Images.png(image, Map.of());
    }

    static byte[] picture() {
        return picture(64, 64, Color.RED, Color.WHITE);
    }

    /** White on the right half: ours. */
    static byte[] mask(int width, int height) {
        return picture(width, height, Color.BLACK, Color.WHITE);
    }

    /** Transparent on the right half: OpenAI's. */
    static byte[] transparentMask(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width / 2; x++) {
                image.setRGB(x, y, 0xff00ff00);
            }
        }
        return Images.png(image, Map.of());
    }
}

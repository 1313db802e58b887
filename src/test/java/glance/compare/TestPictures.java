package glance.compare;

import java.awt.image.BufferedImage;

/** Pictures by formula, the same in every language. */
final class TestPictures {
    static final int WIDTH = 23;
    static final int HEIGHT = 17;

    private TestPictures() {}

    /**
     * Channel c at (x, y) is {@code (7 x + 13 y + 29 c + k ((x x + 3 y + 5 c) mod 17)) mod 256}.
     */
    static BufferedImage formula(int k) {
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int rgb = 0;
                for (int c = 0; c < 3; c++) {
                    int noise = k * ((x * x + 3 * y + 5 * c) % 17);
                    rgb = rgb << 8 | (7 * x + 13 * y + 29 * c + noise) % 256;
                }
                picture.setRGB(x, y, rgb);
            }
        }
        return picture;
    }
}

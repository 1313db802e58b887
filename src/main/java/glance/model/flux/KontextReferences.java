package glance.model.flux;

import glance.api.Request.Size;
import glance.io.PictureScaling;
import glance.model.ReferenceRules;
import java.awt.image.BufferedImage;
import java.util.Comparator;
import java.util.List;

/**
 * The reference picture of FLUX.1 Kontext: it is stretched to the one of the model's own sizes
 * whose proportions are nearest, as FluxKontextPipeline of diffusers does it. What is drawn has the
 * picture's own proportions and the area of 1024 x 1024, which there has to be asked for.
 *
 * @param side of the model's own square picture; 1024 for the published one
 * @param unit pixels of a token along a side
 */
record KontextReferences(int side, int unit) implements ReferenceRules {
    private static final int SIDE = 1024;

    /** Sizes that the model was trained with, widest last. */
    private static final List<Size> OWN =
            List.of(
                    new Size(672, 1568),
                    new Size(688, 1504),
                    new Size(720, 1456),
                    new Size(752, 1392),
                    new Size(800, 1328),
                    new Size(832, 1248),
                    new Size(880, 1184),
                    new Size(944, 1104),
                    new Size(1024, 1024),
                    new Size(1104, 944),
                    new Size(1184, 880),
                    new Size(1248, 832),
                    new Size(1328, 800),
                    new Size(1392, 752),
                    new Size(1456, 720),
                    new Size(1504, 688),
                    new Size(1568, 672));

    @Override
    public int most() {
        return 1;
    }

    @Override
    public BufferedImage seen(BufferedImage picture) {
        double shape = (double) picture.getWidth() / picture.getHeight();
        Size size =
                OWN.stream()
                        .min(
                                Comparator.comparingDouble(
                                        s -> Math.abs(shape - (double) s.width() / s.height())))
                        .orElseThrow();
        return PictureScaling.LANCZOS.scale(
                picture, down(size.width() * side / SIDE), down(size.height() * side / SIDE));
    }

    @Override
    public Size result(int width, int height) {
        double shape = (double) width / height;
        return new Size(
                down((int) Math.rint(side * Math.sqrt(shape))),
                down((int) Math.rint(side / Math.sqrt(shape))));
    }

    private int down(int side) {
        return Math.max(1, side / unit) * unit;
    }
}

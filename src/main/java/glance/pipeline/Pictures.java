package glance.pipeline;

import glance.ops.Ops;
import glance.ops.Scope;
import glance.tensor.Shape;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Turns decoded tensors into pictures, and pictures into what is encoded. */
public final class Pictures {
    private Pictures() {}

    /**
     * {@code round(255 clamp(x / 2 + 0.5, 0, 1))}; equals VaeImageProcessor.postprocess of
     * diffusers.
     *
     * @param decoded [batch, height, width, 3], about [-1, 1]
     * @throws IllegalStateException if a value is NaN or infinite
     */
    static List<BufferedImage> of(Ops ops, Tensor decoded) {
        FloatBuffer values;
        try (Scope scope = ops.scope()) {
            values = ops.host().floats(ops.contiguous(decoded));
        }
        NotFinite.check(values.duplicate(), NotFinite.PICTURE);
        int height = decoded.dim(1);
        int width = decoded.dim(2);
        List<BufferedImage> pictures = new ArrayList<>();
        for (int b = 0; b < decoded.dim(0); b++) {
            BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int rgb =
                            level(values.get()) << 16
                                    | level(values.get()) << 8
                                    | level(values.get());
                    picture.setRGB(x, y, rgb);
                }
            }
            pictures.add(picture);
        }
        return pictures;
    }

    /**
     * {@code level / 127.5 - 1}, row by row: red, green, blue; in the innermost scope.
     *
     * @return [1, height, width, 3] in [-1, 1]
     */
    public static Tensor tensor(Ops ops, BufferedImage picture) {
        int w = picture.getWidth();
        int h = picture.getHeight();
        FloatBuffer values = FloatBuffer.allocate(3 * w * h);
        for (int rgb : picture.getRGB(0, 0, w, h, null, 0, w)) {
            values.put((rgb >> 16 & 0xff) / 127.5f - 1);
            values.put((rgb >> 8 & 0xff) / 127.5f - 1);
            values.put((rgb & 0xff) / 127.5f - 1);
        }
        Tensor pixels = ops.host().floats(Shape.of(1, h, w, 3), values.flip());
        return ops.cast(pixels, ops.computeType());
    }

    private static int level(float x) {
        float unit = Math.min(1, Math.max(0, x * 0.5f + 0.5f));
        return (int) Math.rint(unit * 255);
    }
}

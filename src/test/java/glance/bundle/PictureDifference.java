package glance.bundle;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import javax.imageio.ImageIO;

/**
 * How far two pictures of the same prompt and seed are apart: {@code PictureDifference A.png B.png
 * [MOST]}. Prints the mean and the largest difference of a channel, of 255; exits 1 if the mean is
 * above MOST (1 unless given).
 */
public final class PictureDifference {
    private static final int CHANNELS = 3;

    private PictureDifference() {}

    /** Mean and largest absolute difference of the channels, of 255. */
    record Difference(double mean, int largest) {}

    public static void main(String[] args) throws IOException {
        if (args.length < 2 || args.length > 3) {
            System.err.println("usage: PictureDifference A.png B.png [MOST]");
            System.exit(2);
        }
        double most = args.length == 3 ? Double.parseDouble(args[2]) : 1;
        Difference difference = between(read(args[0]), read(args[1]));
        boolean near = difference.mean <= most;
        System.out.printf(
                "mean difference %.3f of 255, %.3f allowed, largest %d: %s%n",
                difference.mean, most, difference.largest, near ? "ok" : "ABOVE");
        System.exit(near ? 0 : 1);
    }

    private static BufferedImage read(String file) throws IOException {
        BufferedImage picture = ImageIO.read(new File(file));
        if (picture == null) {
            throw new IOException(file + ": is no picture");
        }
        return picture;
    }

    static Difference between(BufferedImage a, BufferedImage b) {
        if (a.getWidth() != b.getWidth() || a.getHeight() != b.getHeight()) {
            throw new IllegalArgumentException(
                    "sizes differ: %d x %d and %d x %d"
                            .formatted(a.getWidth(), a.getHeight(), b.getWidth(), b.getHeight()));
        }
        long sum = 0;
        int largest = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                for (int shift = 0; shift < 8 * CHANNELS; shift += 8) {
                    int one = a.getRGB(x, y) >> shift & 0xff;
                    int other = b.getRGB(x, y) >> shift & 0xff;
                    sum += Math.abs(one - other);
                    largest = Math.max(largest, Math.abs(one - other));
                }
            }
        }
        long channels = (long) CHANNELS * a.getWidth() * a.getHeight();
        return new Difference((double) sum / channels, largest);
    }
}

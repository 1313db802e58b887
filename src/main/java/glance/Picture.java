package glance;

import glance.api.Request;
import glance.api.RequestException;
import glance.io.Images;
import glance.io.SafeWrite;
import glance.picture.Origin;
import glance.picture.PictureText;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A picture, and everything that it was made with. */
public final class Picture {
    private static final int DEFAULT_QUALITY = 95;

    private final BufferedImage image;
    private final String prompt;
    private final long seed;
    private final Origin origin;

    Picture(BufferedImage image, String prompt, long seed, Origin origin) {
        this.image = image;
        this.prompt = prompt;
        this.seed = seed;
        this.origin = origin;
    }

    /** Its pixels. */
    public BufferedImage image() {
        return image;
    }

    /** Its prompt. */
    public String prompt() {
        return prompt;
    }

    /** Its start noise. */
    public long seed() {
        return seed;
    }

    /** The request that makes it again, without gaps. */
    public Request request() {
        return origin.settings().request().prompts(List.of(prompt)).seed(seed).batch(1);
    }

    /**
     * Writes it, with its settings in the file: a JPEG if the name ends so, else a PNG. An existing
     * file is replaced as a whole, or left as it was.
     *
     * @throws java.io.UncheckedIOException if it cannot be written
     */
    public void save(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        boolean isJpeg = name.endsWith(".jpg") || name.endsWith(".jpeg");
        SafeWrite.write(file, isJpeg ? jpeg(DEFAULT_QUALITY) : png());
    }

    /** A PNG file with the settings in it. */
    public byte[] png() {
        return Images.png(image, PictureText.of(origin, prompt, seed));
    }

    /**
     * A JPEG file with the settings in it.
     *
     * @param quality 1 to 100
     * @throws RequestException if the settings are too long for a JPEG
     */
    public byte[] jpeg(int quality) {
        String comment = PictureText.comment(origin, prompt, seed);
        if (!Images.fitsJpeg(comment)) {
            throw new RequestException("the settings are too long for a JPEG; write a PNG");
        }
        return Images.jpeg(image, comment, quality);
    }

    @Override
    public String toString() {
        return "'" + prompt + "', seed " + Long.toUnsignedString(seed);
    }
}

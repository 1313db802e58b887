package glance.io;

import java.awt.image.BufferedImage;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * A picture file that was read. Files that hold the same bytes share what was made of them: while
 * memory allows, a picture is decoded once, and brought to each size once. Equal if the files hold
 * the same bytes.
 */
public final class UprightPicture {
    /** That many are remembered, of which the garbage collector may take any. */
    private static final int MOST = 32;

    private static final Map<String, SoftReference<Content>> KNOWN =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(
                        Map.Entry<String, SoftReference<Content>> eldest) {
                    return size() > MOST;
                }
            };

    private final Path file;
    private final String hash;
    private final Content content;

    /** What equal files share. */
    private static final class Content {
        private final BufferedImage image;
        private final Map<Object, BufferedImage> forms = new ConcurrentHashMap<>();

        Content(BufferedImage image) {
            this.image = image;
        }
    }

    private UprightPicture(Path file, String hash, Content content) {
        this.file = file;
        this.hash = hash;
        this.content = content;
    }

    /**
     * Reads a picture as {@link Images#readUpright} does.
     *
     * @throws glance.api.FormatException if the file is missing, no picture, damaged, or too large
     */
    public static UprightPicture read(Path file) {
        byte[] bytes = Images.bytes(file);
        String hash = hash(bytes);
        Content content = known(hash);
        if (content == null) {
            content = new Content(Images.readUpright(file, bytes));
            synchronized (KNOWN) {
                KNOWN.put(hash, new SoftReference<>(content));
            }
        }
        return new UprightPicture(file, hash, content);
    }

    private static Content known(String hash) {
        synchronized (KNOWN) {
            SoftReference<Content> known = KNOWN.get(hash);
            return known == null ? null : known.get();
        }
    }

    /** A black picture of no file, to measure with. */
    public static UprightPicture blank(int width, int height) {
        return new UprightPicture(
                Path.of("blank"),
                width + "x" + height,
                new Content(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB)));
    }

    /** The {@link #hash()} of a file's picture. */
    public static String hash(Path file) {
        return hash(Images.bytes(file));
    }

    /** As {@link Fingerprint#of(Path)}, but of the whole content however large. */
    private static String hash(byte[] bytes) {
        return Fingerprint.ofFile(ByteBuffer.wrap(bytes));
    }

    /** Where it was read. */
    public Path file() {
        return file;
    }

    /** Of the file's bytes. */
    public String hash() {
        return hash;
    }

    /** Upright, on white; nobody may draw on it. */
    public BufferedImage image() {
        return content.image;
    }

    /**
     * The picture in another form.
     *
     * @param key equal for what makes equal forms
     * @param form makes it, the first time
     */
    public BufferedImage in(Object key, UnaryOperator<BufferedImage> form) {
        return content.forms.computeIfAbsent(key, k -> form.apply(content.image));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UprightPicture o && o.hash.equals(hash);
    }

    @Override
    public int hashCode() {
        return hash.hashCode();
    }

    @Override
    public String toString() {
        return file + " (" + hash + ")";
    }
}

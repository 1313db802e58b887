package glance.api;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A picture that a drawing starts from, in place of noise alone: the steps begin in the middle of
 * the plan, at latents {@code (1 - sigma) z + sigma noise} of the picture's own latents z.
 *
 * <pre>{@code
 * Request.of("a red fox in snow").init(Init.of(sketch).strength(0.7f));
 * Request.of("a red hat").init(Init.of(photo).mask(mask));
 * Request.of("a wide beach").init(Init.of(photo).extend(256, 0, 256, 0));
 * }</pre>
 *
 * Each method returns a changed copy. Values are checked against a model when they meet one. Equals
 * the image-to-image and inpainting pipelines of diffusers.
 */
public final class Init {
    /** The strength where none is said; with margins it is 1. */
    public static final float STRENGTH = 0.6f;

    private final Path picture;
    private Float strength;
    private Path mask;
    private Margins extension = Margins.NONE;
    private boolean paste = true;

    /**
     * Pixels by which the canvas is larger than the picture.
     *
     * @param left 0 or more, like the others
     */
    public record Margins(int left, int top, int right, int bottom) {
        /** No larger. */
        public static final Margins NONE = new Margins(0, 0, 0, 0);

        private static final Pattern FORM =
                Pattern.compile("(-?\\d{1,6}),(-?\\d{1,6}),(-?\\d{1,6}),(-?\\d{1,6})");

        /**
         * Reads {@code LEFT,TOP,RIGHT,BOTTOM}.
         *
         * @throws RequestException if the text has another form
         */
        public static Margins parse(String text) {
            Matcher matcher = FORM.matcher(text.strip());
            if (!matcher.matches()) {
                throw new RequestException(
                        "margins '"
                                + text
                                + "': expected LEFT,TOP,RIGHT,BOTTOM in pixels, such as"
                                + " 256,0,256,0");
            }
            return new Margins(
                    Integer.parseInt(matcher.group(1)),
                    Integer.parseInt(matcher.group(2)),
                    Integer.parseInt(matcher.group(3)),
                    Integer.parseInt(matcher.group(4)));
        }

        /** As people write it: {@code 256,0,256,0}. */
        @Override
        public String toString() {
            return left + "," + top + "," + right + "," + bottom;
        }
    }

    private Init(Path picture) {
        this.picture = Objects.requireNonNull(picture, "picture");
    }

    private Init with(Consumer<Init> change) {
        Init copy = new Init(picture);
        copy.strength = strength;
        copy.mask = mask;
        copy.extension = extension;
        copy.paste = paste;
        change.accept(copy);
        return copy;
    }

    /**
     * Starts from a picture.
     *
     * @param picture a PNG, JPEG or WebP file
     */
    public static Init of(Path picture) {
        return new Init(picture);
    }

    /**
     * The share of the plan's steps that are run: of N steps the first N - min(N strength, N)
     * (rounded down) are left out.
     *
     * @param share more than 0, at most 1, which keeps nothing of the picture
     */
    public Init strength(float share) {
        return with(init -> init.strength = share);
    }

    /**
     * Paints anew where a mask is white, and keeps the rest.
     *
     * @param white a picture of the same size; grey levels from 128 on count as white
     */
    public Init mask(Path white) {
        return with(init -> init.mask = Objects.requireNonNull(white, "mask"));
    }

    /**
     * Makes the canvas larger than the picture by so many pixels; what is new is painted. Under the
     * noise it has the pixels of the picture's edge, so that the strength is 1 unless it is said.
     */
    public Init extend(int left, int top, int right, int bottom) {
        return extend(new Margins(left, top, right, bottom));
    }

    /** The same with the margins in one value. */
    public Init extend(Margins margins) {
        return with(init -> init.extension = Objects.requireNonNull(margins, "margins"));
    }

    /**
     * Whether the pixels that a mask keeps are those of the picture, with a feathered edge; else
     * they come back through the autoencoder. The default is true.
     */
    public Init paste(boolean original) {
        return with(init -> init.paste = original);
    }

    /** The picture. */
    public Path picture() {
        return picture;
    }

    /** The share of the steps, if it was said. */
    public Optional<Float> strength() {
        return Optional.ofNullable(strength);
    }

    /** The mask, if there is one. */
    public Optional<Path> mask() {
        return Optional.ofNullable(mask);
    }

    /** By how much the canvas is larger. */
    public Margins extension() {
        return extension;
    }

    /** Whether kept pixels are those of the picture. */
    public boolean paste() {
        return paste;
    }

    /** Equal if they say the same; files are told apart by their paths alone. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Init o
                && o.picture.equals(picture)
                && Objects.equals(o.strength, strength)
                && Objects.equals(o.mask, mask)
                && o.extension.equals(extension)
                && o.paste == paste;
    }

    @Override
    public int hashCode() {
        return Objects.hash(picture, strength, mask, extension, paste);
    }

    /** What was said, such as {@code photo.png, strength 0.7, mask mask.png}. */
    @Override
    public String toString() {
        return picture
                + (strength == null ? "" : ", strength " + strength)
                + (mask == null ? "" : ", mask " + mask)
                + (extension.equals(Margins.NONE) ? "" : ", extend " + extension)
                + (paste ? "" : ", not pasted");
    }
}

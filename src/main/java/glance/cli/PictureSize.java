package glance.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The size of a picture in pixels, written {@code WIDTHxHEIGHT}.
 *
 * @param width columns
 * @param height rows
 */
record PictureSize(int width, int height) {
    /** Far beyond what the models draw; below it no count of tokens or pixels overflows. */
    private static final int MAX_SIDE = 8192;

    private static final Pattern FORM = Pattern.compile("(\\d{1,6})[xX](\\d{1,6})");

    /**
     * Reads the text.
     *
     * @throws IllegalArgumentException if it has another form, or is too large
     */
    static PictureSize parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "size '" + text + "': expected WIDTHxHEIGHT in pixels, such as 1024x768");
        }
        int width = Integer.parseInt(matcher.group(1));
        int height = Integer.parseInt(matcher.group(2));
        if (Math.min(width, height) < 1) {
            throw new IllegalArgumentException("size '" + text + "': sides must be 1 or more");
        }
        if (Math.max(width, height) > MAX_SIDE) {
            throw new IllegalArgumentException(
                    "size '" + text + "': sides must be at most " + MAX_SIDE + " pixels");
        }
        return new PictureSize(width, height);
    }

    @Override
    public String toString() {
        return width + "x" + height;
    }
}

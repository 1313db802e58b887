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
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})[xX](\\d{1,6})");

    /**
     * Reads the text.
     *
     * @throws IllegalArgumentException if it has another form
     */
    static PictureSize parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "size '" + text + "': expected WIDTHxHEIGHT in pixels, such as 1024x768");
        }
        return new PictureSize(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
        return width + "x" + height;
    }
}

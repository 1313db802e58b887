package glance.serve.job;

import glance.api.RequestException;
import glance.text.PrintableText;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * A picture as requests bring it, which is a text: its file in base 64, alone or as a {@code data:}
 * URL, or the name of a picture that the server has. Names have a point, base 64 has none.
 */
public final class PictureData {
    private static final Pattern NAME = Pattern.compile("[0-9a-z-]{1,80}\\.(png|jpg|webp)");
    private static final Pattern SPACE = Pattern.compile("\\s");
    private static final String URL = "data:";
    private static final String ENCODED = ";base64";
    private static final int SHOWN_CHARS = 40;

    private PictureData() {}

    /** The text of a picture's file. */
    public static String of(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    /** Whether a text is a name. */
    public static boolean isName(String text) {
        return text != null && NAME.matcher(text).matches();
    }

    /**
     * The file that a text holds.
     *
     * @param key of the request, for the message
     * @throws RequestException if it holds none
     */
    public static byte[] bytes(String key, String text) {
        int comma = text.startsWith(URL) ? text.indexOf(',') : -1;
        try {
            if (comma < 0 || text.substring(0, comma).endsWith(ENCODED)) {
                String code = text.substring(comma + 1);
                // encoders like to break lines
                byte[] file = Base64.getDecoder().decode(SPACE.matcher(code).replaceAll(""));
                if (file.length > 0) {
                    return file;
                }
            }
        } catch (IllegalArgumentException e) {
            // refused below
        }
        String start = text.substring(0, Math.min(SHOWN_CHARS, text.length()));
        throw new RequestException(
                key
                        + ": must be a picture in base 64, alone or as data:image/png;base64,...,"
                        + " or the name of a picture that is here; got '"
                        + PrintableText.line(start)
                        + (start.length() < text.length() ? "..." : "")
                        + "'");
    }
}

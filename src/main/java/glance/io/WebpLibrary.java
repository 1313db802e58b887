package glance.io;

import com.luciad.imageio.webp.internal.OsInfo;
import glance.api.FormatException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** libwebp, which the WebP reader of ImageIO carries in its jar. */
final class WebpLibrary {
    /** Where that reader unpacks to; else it would be the system's folder, which users share. */
    private static final String FOLDER_PROPERTY = "com.luciad.imageio.webp.tmpdir";

    private static final String NAME = "webp-imageio";
    private static final int FORM_AT = 8;
    private static final String FORM = "WEBP";

    private static boolean loaded;

    private WebpLibrary() {}

    /** Whether a file is a WebP picture: {@code RIFF}, size, {@code WEBP}. */
    static boolean isWebp(byte[] file) {
        return file.length >= FORM_AT + FORM.length()
                && new String(file, 0, 4, StandardCharsets.US_ASCII).equals("RIFF")
                && new String(file, FORM_AT, FORM.length(), StandardCharsets.US_ASCII).equals(FORM);
    }

    /**
     * Loads the library once. The reader's own loader would do, but where it fails it prints stack
     * traces and gives no reason.
     *
     * @param file the picture that needs it, for the message
     * @throws FormatException if the library is missing for this system, or may not be loaded
     */
    static synchronized void load(Path file) {
        if (loaded) {
            return;
        }
        String name = System.mapLibraryName(NAME);
        try {
            String resource = "native/" + OsInfo.getNativeLibFolderPathForCurrentOS() + "/" + name;
            Path folder = NativeLibraries.unpack("webp", Map.of(name, resource));
            System.load(folder.resolve(name).toString());
            System.setProperty(FOLDER_PROPERTY, folder.toString());
            loaded = true;
        } catch (UncheckedIOException | LinkageError e) {
            throw new FormatException(
                    file,
                    null,
                    "is WebP, whose library cannot be loaded here: "
                            + NativeLibraries.reason(e, "save the picture as PNG or JPEG"),
                    null,
                    e);
        }
    }
}

package glance.io;

import com.luciad.imageio.webp.internal.OsInfo;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

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
        try {
            Path folder = CacheFolder.folder("webp");
            unpackAndLoad(folder);
            System.setProperty(FOLDER_PROPERTY, folder.toString());
            loaded = true;
        } catch (IOException | LinkageError e) {
            throw new FormatException(
                    file,
                    null,
                    "is WebP, whose library cannot be loaded here ("
                            + PrintableText.quoted(String.valueOf(e.getMessage()))
                            + ")",
                    "save the picture as PNG or JPEG",
                    e);
        }
    }

    private static void unpackAndLoad(Path folder) throws IOException {
        String name = System.mapLibraryName(NAME);
        String resource = OsInfo.getNativeLibFolderPathForCurrentOS() + "/" + name;
        Path library = Files.createTempFile(folder, "", "-" + name);
        library.toFile().deleteOnExit();
        try (InputStream in = WebpLibrary.class.getResourceAsStream("/native/" + resource)) {
            if (in == null) {
                throw new FileNotFoundException("there is none for " + resource);
            }
            Files.copy(in, library, StandardCopyOption.REPLACE_EXISTING);
        }
        System.load(library.toAbsolutePath().toString());
    }
}

package glance.picture;

import glance.api.FormatException;
import glance.io.UprightPicture;
import glance.pipeline.ReferencePicture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A picture that another one was made from, as it travels in the text of that one: a line {@code
 * HASH FILE}.
 *
 * @param hash of the file's bytes
 * @param file where it was; its name alone where a server kept it
 */
public record RecordedReference(String hash, String file) {
    /** Where a server keeps the pictures that requests bring, beside those that it draws. */
    public static final String INPUTS = "inputs";

    private static final int MOST = 64;
    private static final int MAX_CHARS = 4096;

    static String text(List<ReferencePicture> references) {
        return references.stream()
                .map(seen -> text(seen.upright()))
                .collect(Collectors.joining("\n"));
    }

    /** Of a server's folder the name alone, since where a server keeps files is nobody's matter. */
    static String text(UprightPicture picture) {
        Path file = picture.file().toAbsolutePath().normalize();
        return picture.hash() + " " + (isInput(file, picture.hash()) ? file.getFileName() : file);
    }

    /** Servers name such files by their hash. */
    private static boolean isInput(Path file, String hash) {
        Path folder = file.getParent();
        return folder != null
                && folder.endsWith(INPUTS)
                && file.getFileName().toString().startsWith(hash + ".");
    }

    /**
     * @throws IllegalArgumentException if the text has another form
     */
    static List<RecordedReference> parse(String text) {
        List<RecordedReference> result = new ArrayList<>();
        for (String line : text.lines().toList()) {
            int at = line.indexOf(' ');
            boolean isNamed = at > 0 && line.length() <= MAX_CHARS && line.indexOf('\0') < 0;
            if (!isNamed || result.size() == MOST) {
                throw new IllegalArgumentException(
                        "must have a hash and a file in each line, at most " + MOST);
            }
            result.add(new RecordedReference(line.substring(0, at), line.substring(at + 1)));
        }
        return result;
    }

    /** Whether a file, wherever it is, holds this picture. */
    public boolean isOf(Path other) {
        return Files.isRegularFile(other) && UprightPicture.hash(other).equals(hash);
    }

    /**
     * The file, if it is still the picture that it was. A name without a folder is that of a
     * server: its file is looked for beside the picture.
     *
     * @param by the picture that was made from it
     * @param option that names it instead
     * @throws FormatException if it is not
     */
    public Path find(Path by, String option) {
        Path path = Path.of(file);
        if (path.getParent() == null && !Files.isRegularFile(path)) {
            path = by.resolveSibling(INPUTS).resolve(file);
        }
        if (!isOf(path)) {
            throw new FormatException(
                    path,
                    null,
                    Files.exists(path)
                            ? "is not the picture that " + by + " was made from"
                            : "is not there; " + by + " was made from it",
                    "say where it is with " + option + " FILE");
        }
        return path;
    }
}

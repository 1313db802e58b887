package glance.cli;

import glance.cli.common.Problem;
import glance.cli.common.WrongUseException;
import glance.schedule.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Decides where pictures go, before any work is done.
 *
 * <pre>
 * --out          one picture               several pictures
 * (none)         blue-stars-42.png         ... blue-stars-43.png
 * pics  pics/    pics/blue-stars-42.png    ...
 * sky.jpg        sky.jpg                   sky-1.jpg sky-2.jpg
 * {n}-{seed}.png 1-42.png                  2-43.png
 * -              standard output           refused
 * </pre>
 *
 * Names made here step aside for existing files ({@code blue-stars-42-2.png}); a name that the user
 * gave does not, and it is an error if it is taken.
 */
final class OutputFiles {
    private static final Path STDOUT = Path.of("-");
    private static final String SUFFIX = ".png";
    private static final List<String> SUFFIXES = List.of(SUFFIX, ".jpg", ".jpeg");
    private static final int MAX_SLUG_CHARS = 60;

    private final String out;
    private final boolean overwrite;
    private final int pictures;
    private final Set<Path> taken = new HashSet<>();
    private final List<Path> files = new ArrayList<>();

    private OutputFiles(String out, boolean overwrite, int pictures) {
        if (out != null && out.isBlank()) {
            throw new WrongUseException("--out is empty; give a .png or .jpg file or a folder");
        }
        this.out = out;
        this.overwrite = overwrite;
        this.pictures = pictures;
    }

    /**
     * The files of all pictures; nothing is made yet.
     *
     * @param out what the user asked for, or null
     * @param overwrite whether existing files may be replaced
     * @throws WrongUseException if a name is no PNG or JPEG, lies below a file, or is taken
     */
    static OutputFiles plan(
            String out, boolean overwrite, List<String> prompts, long seed, int batch) {
        OutputFiles result = new OutputFiles(out, overwrite, prompts.size() * batch);
        for (String prompt : prompts) {
            for (int b = 0; b < batch; b++) {
                result.add(prompt, seed + b);
            }
        }
        return result;
    }

    /** The file of each picture. */
    List<Path> files() {
        return List.copyOf(files);
    }

    boolean mayReplace() {
        return overwrite;
    }

    /** Whether the user gave the names, so that no other will do. */
    boolean isGiven() {
        return out != null && !isFolder();
    }

    /** Whether the picture goes to standard output. */
    static boolean isStdout(Path file) {
        return file.equals(STDOUT);
    }

    /** Whether a picture goes to a device or a pipe, which has no place to move a file to. */
    static boolean isStream(Path file) {
        return Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file);
    }

    static boolean isJpeg(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        return SUFFIXES.stream().skip(1).anyMatch(name::endsWith);
    }

    /**
     * Makes the folders, and a file in each that is removed at once: whether a folder can be
     * written is known only then.
     *
     * @throws WrongUseException if one cannot be made or written
     */
    void prepare() {
        Set<Path> folders = new HashSet<>();
        for (Path file : files) {
            if (!isStdout(file) && !isStream(file)) {
                folders.add(file.toAbsolutePath().getParent());
            }
        }
        for (Path folder : folders) {
            try {
                Files.createDirectories(folder);
                Files.delete(Files.createFile(folder.resolve(".glance-" + UUID.randomUUID())));
            } catch (IOException e) {
                throw refuse(
                        "folder "
                                + folder
                                + " cannot be written ("
                                + Problem.reason(e)
                                + "); choose another"
                                + (out == null ? " with --out" : ""));
            }
        }
    }

    private void add(String prompt, long seed) {
        Path file = isGiven() ? given(files.size() + 1, prompt, seed) : made(prompt, seed);
        requireFolders(file);
        if (isStdout(file) || isStream(file)) {
            if (pictures > 1) {
                throw refuse("takes one picture, not " + pictures);
            }
        } else if (!taken.add(file.toAbsolutePath().normalize())) {
            throw refuse("two pictures would get the name " + file + "; put {n} or {seed} into it");
        } else if (Files.isDirectory(file)) {
            throw refuse(file + " is a folder; end it with /");
        } else if (isGiven() && !overwrite && Files.exists(file)) {
            throw refuse(
                    (out.equals(file.toString()) ? "" : file + " ")
                            + "exists already; choose another name or use --overwrite");
        }
        files.add(file);
    }

    /** A folder is there, ends with a slash, or has no ending and is no device. */
    private boolean isFolder() {
        Path path = Path.of(out);
        if (out.endsWith("/") || out.endsWith("\\") || Files.isDirectory(path)) {
            return true;
        }
        boolean ending = path.getFileName().toString().lastIndexOf('.') > 0 || out.contains("{");
        return !ending && !isStdout(path) && !isStream(path);
    }

    private Path given(int number, String prompt, long seed) {
        Path whole = Path.of(out);
        if (isStdout(whole) || isStream(whole)) {
            return whole;
        }
        String name = out.toLowerCase(Locale.ROOT);
        if (SUFFIXES.stream().noneMatch(name::endsWith)) {
            throw refuse(
                    "pictures are PNG or JPEG; end the name with .png or .jpg, or a folder with /");
        }
        if (out.contains("{")) {
            return Path.of(
                    out.replace("{n}", Integer.toString(number))
                            .replace("{seed}", Seeds.text(seed))
                            .replace("{prompt}", slug(prompt)));
        }
        return pictures == 1 ? whole : beside(whole, "-" + number);
    }

    private Path made(String prompt, long seed) {
        Path folder = Path.of(out == null ? "" : out);
        Path first = folder.resolve(slug(prompt) + "-" + Seeds.text(seed) + SUFFIX);
        Path file = first;
        for (int i = 2; isTaken(file); i++) {
            file = beside(first, "-" + i);
        }
        return file;
    }

    private boolean isTaken(Path file) {
        return taken.contains(file.toAbsolutePath().normalize())
                || !overwrite && Files.exists(file);
    }

    /** What is there of the folders above must be folders. */
    private void requireFolders(Path file) {
        Path above = file.toAbsolutePath().getParent();
        while (above != null && !Files.exists(above)) {
            above = above.getParent();
        }
        if (above != null && !Files.isDirectory(above)) {
            throw refuse(above + " is a file; give a folder");
        }
    }

    private WrongUseException refuse(String reason) {
        return new WrongUseException((out == null ? "" : "--out " + out + ": ") + reason);
    }

    /** The file with something more before its ending: {@code sky-2.png}. */
    static Path beside(Path file, String more) {
        String name = file.getFileName().toString();
        int end = name.lastIndexOf('.');
        return file.resolveSibling(name.substring(0, end) + more + name.substring(end));
    }

    /** The picture of a step, beside the final one: {@code sky-step04.png}. */
    static Path preview(Path picture, int step) {
        return beside(picture, String.format(Locale.ROOT, "-step%02d", step));
    }

    /** The words of a prompt as part of a file name: letters and digits with hyphens. */
    static String slug(String prompt) {
        String plain = Normalizer.normalize(prompt, Normalizer.Form.NFKD);
        String words =
                plain.toLowerCase(Locale.ROOT)
                        .replaceAll("\\p{M}+", "")
                        .replaceAll("[^a-z0-9]+", "-")
                        .replaceAll("^-|-$", "");
        if (words.isEmpty()) {
            return "picture";
        }
        if (words.length() <= MAX_SLUG_CHARS) {
            return words;
        }
        int end = words.lastIndexOf('-', MAX_SLUG_CHARS);
        return words.substring(0, end > 0 ? end : MAX_SLUG_CHARS);
    }
}

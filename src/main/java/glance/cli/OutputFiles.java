package glance.cli;

import glance.schedule.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Decides where pictures go, before any work is done.
 *
 * <pre>
 * --out          one picture               several pictures
 * (none)         blue-stars-42.png         ... blue-stars-43.png
 * FOLDER         FOLDER/blue-stars-42.png  ...
 * sky.png        sky.png                   sky-1.png sky-2.png
 * {n}-{seed}.png 1-42.png                  2-43.png
 * </pre>
 *
 * Names made here step aside for existing files ({@code blue-stars-42-2.png}); a name that the user
 * gave does not, and it is an error if it is taken.
 */
final class OutputFiles {
    private static final String SUFFIX = ".png";
    private static final int MAX_SLUG_CHARS = 60;

    private final String out;
    private final boolean overwrite;
    private final int pictures;
    private final Set<Path> taken = new HashSet<>();

    /**
     * @param out what the user asked for, or null
     * @param overwrite whether existing files may be replaced
     * @param pictures how many there will be
     */
    OutputFiles(String out, boolean overwrite, int pictures) {
        if (out != null && out.isBlank()) {
            throw new WrongUseException("--out is empty; give a .png file or a folder");
        }
        this.out = out;
        this.overwrite = overwrite;
        this.pictures = pictures;
    }

    /**
     * The file for the next picture.
     *
     * @param number of the picture, from 1
     * @throws WrongUseException if the name is no PNG, its folder is missing, or it is taken
     */
    Path next(int number, String prompt, long seed) throws IOException {
        boolean named = out != null && !isFolder();
        Path file = named ? given(number, prompt, seed) : made(prompt, seed);
        requireFolder(file);
        if (!taken.add(file.toAbsolutePath().normalize())) {
            throw new WrongUseException(
                    "--out "
                            + out
                            + ": two pictures would get the name "
                            + file
                            + "; put {n} or {seed} into it");
        }
        if (Files.isDirectory(file)) {
            throw new WrongUseException("--out " + file + ": is a folder; end it with /");
        }
        if (named && !overwrite && Files.exists(file)) {
            throw new WrongUseException(
                    "--out " + file + ": exists already; choose another name or use --overwrite");
        }
        return file;
    }

    private boolean isFolder() {
        return out.endsWith("/") || out.endsWith("\\") || Files.isDirectory(Path.of(out));
    }

    private Path given(int number, String prompt, long seed) {
        if (!out.toLowerCase(Locale.ROOT).endsWith(SUFFIX)) {
            throw new WrongUseException(
                    "--out "
                            + out
                            + ": pictures are PNG; end the name with .png, or a folder with /");
        }
        if (out.contains("{")) {
            return Path.of(
                    out.replace("{n}", Integer.toString(number))
                            .replace("{seed}", Seeds.text(seed))
                            .replace("{prompt}", slug(prompt)));
        }
        String stem = out.substring(0, out.length() - SUFFIX.length());
        return Path.of(pictures == 1 ? out : stem + "-" + number + SUFFIX);
    }

    private Path made(String prompt, long seed) throws IOException {
        Path folder = out == null ? Path.of("") : Files.createDirectories(Path.of(out));
        String stem = slug(prompt) + "-" + Seeds.text(seed);
        Path file = folder.resolve(stem + SUFFIX);
        for (int i = 2; isTaken(file); i++) {
            file = folder.resolve(stem + "-" + i + SUFFIX);
        }
        return file;
    }

    private boolean isTaken(Path file) {
        return taken.contains(file.toAbsolutePath().normalize())
                || !overwrite && Files.exists(file);
    }

    private void requireFolder(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            throw new WrongUseException(
                    "--out " + out + ": folder " + folder + " does not exist; create it first");
        }
        if (!Files.isWritable(folder)) {
            throw new WrongUseException(
                    (out == null ? "" : "--out " + out + ": ")
                            + "folder "
                            + folder
                            + " cannot be written; choose another with --out");
        }
    }

    /** The picture of a step, beside the final one: {@code sky-step04.png}. */
    static Path preview(Path picture, int step) {
        String name = picture.getFileName().toString();
        String stem = name.substring(0, name.length() - SUFFIX.length());
        return picture.resolveSibling(
                String.format(Locale.ROOT, "%s-step%02d%s", stem, step, SUFFIX));
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

    /** All files at once. */
    static List<Path> plan(
            String out, boolean overwrite, List<String> prompts, long seed, int batch)
            throws IOException {
        OutputFiles files = new OutputFiles(out, overwrite, prompts.size() * batch);
        List<Path> result = new java.util.ArrayList<>();
        for (String prompt : prompts) {
            for (int b = 0; b < batch; b++) {
                result.add(files.next(result.size() + 1, prompt, seed + b));
            }
        }
        return List.copyOf(result);
    }
}

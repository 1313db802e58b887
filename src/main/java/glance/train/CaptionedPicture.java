package glance.train;

import glance.api.FormatException;
import glance.api.RequestException;
import glance.pipeline.ReferencePicture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A picture to learn from, and what it shows.
 *
 * @param picture the file
 * @param caption its caption, without blanks around it; of a picture with references what becomes
 *     of them
 * @param references pictures that it is made from, for models that edit
 */
public record CaptionedPicture(Path picture, String caption, List<Path> references) {
    private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg", ".webp");
    private static final String CAPTION_ENDING = ".txt";

    /**
     * @throws RequestException if the caption is blank
     */
    public CaptionedPicture {
        caption = caption.strip();
        references = List.copyOf(references);
        if (caption.isEmpty()) {
            throw new RequestException(picture + ": its caption is empty; say what it shows");
        }
    }

    /** A picture that is made from its caption alone. */
    public CaptionedPicture(Path picture, String caption) {
        this(picture, caption, List.of());
    }

    /**
     * Reads its references.
     *
     * @throws FormatException if one is missing, no picture, damaged, or too large
     */
    List<ReferencePicture> seen() {
        return references.stream().map(ReferencePicture::read).toList();
    }

    /**
     * The pictures of a folder, by name: {@code cat.png} with its caption in {@code cat.txt}, and
     * what it is made from in {@code cat.ref.png}, or {@code cat.ref1.png} and so on. Folders in it
     * are not searched; files of other kinds are left alone.
     *
     * @throws FormatException if it is no folder, has no picture, a picture has no or an empty
     *     caption, two pictures share one, or a reference is without its picture
     */
    public static List<CaptionedPicture> in(Path folder) {
        if (!Files.isDirectory(folder)) {
            String reason = Files.exists(folder) ? "is a file, not a folder" : "no such folder";
            throw new FormatException(
                    folder, null, reason, "give a folder of pictures with captions");
        }
        List<Path> all = pictures(folder);
        ReferenceNames references = ReferenceNames.among(all);
        Map<String, Path> byStem = new TreeMap<>();
        for (Path file : all.stream().filter(file -> !ReferenceNames.isReference(file)).toList()) {
            Path other = byStem.put(stem(file), file);
            if (other != null) {
                throw new FormatException(
                        file,
                        null,
                        "shares its caption with " + other.getFileName(),
                        "give one of them another name");
            }
        }
        if (byStem.isEmpty()) {
            throw new FormatException(
                    folder,
                    null,
                    "holds no picture (" + String.join(", ", ENDINGS) + ")",
                    "put pictures into it, each with a .txt caption of the same base name");
        }
        List<CaptionedPicture> result = new ArrayList<>();
        byStem.forEach(
                (stem, file) ->
                        result.add(
                                new CaptionedPicture(
                                        file,
                                        caption(folder.resolve(stem + CAPTION_ENDING)),
                                        references.take(stem))));
        references.requireTaken();
        return result;
    }

    /**
     * What {@link #in} leaves alone in a folder, by name, each with the reason; hidden files are
     * not mentioned.
     */
    public static List<String> leftOut(Path folder) {
        Set<String> stems =
                pictures(folder).stream()
                        .filter(file -> !ReferenceNames.isReference(file))
                        .map(CaptionedPicture::stem)
                        .collect(Collectors.toSet());
        List<String> result = new ArrayList<>();
        for (Path path : list(folder)) {
            String name = path.getFileName().toString();
            if (Files.isDirectory(path)) {
                result.add(name + " (a folder)");
            } else if (isCaption(path) && !stems.contains(stem(path))) {
                result.add(name + " (a caption without a picture)");
            } else if (!isCaption(path) && !isPicture(path)) {
                result.add(name + " (not PNG, JPEG or WebP)");
            }
        }
        return result;
    }

    /**
     * A line about pictures without references among others with some: what is missing there is
     * learnt as drawing from the caption alone.
     */
    static Optional<String> withoutReferences(List<CaptionedPicture> pictures) {
        List<CaptionedPicture> without =
                pictures.stream().filter(picture -> picture.references().isEmpty()).toList();
        if (without.isEmpty() || without.size() == pictures.size()) {
            return Optional.empty();
        }
        return Optional.of(
                without.get(0).picture()
                        + ": has no reference, as "
                        + without.size()
                        + " of "
                        + pictures.size()
                        + " pictures; such ones are learnt as drawn from their captions alone");
    }

    private static List<Path> pictures(Path folder) {
        return list(folder).stream()
                .filter(Files::isRegularFile)
                .filter(CaptionedPicture::isPicture)
                .toList();
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be listed (" + e + ")", e);
        }
    }

    private static boolean isPicture(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return ENDINGS.stream().anyMatch(name::endsWith);
    }

    private static boolean isCaption(Path file) {
        return file.getFileName().toString().endsWith(CAPTION_ENDING);
    }

    static String stem(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.lastIndexOf('.'));
    }

    private static String caption(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new FormatException(
                        file, null, "no such file", "write the picture's caption into it");
            }
            String text = Files.readString(file).replace("\uFEFF", "").strip();
            if (text.isEmpty()) {
                throw new FormatException(file, null, "is empty", "say what the picture shows");
            }
            return text;
        } catch (CharacterCodingException e) {
            throw new FormatException(file, null, "is no UTF-8 text", "save it as UTF-8", e);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read (" + e + ")", e);
        }
    }
}

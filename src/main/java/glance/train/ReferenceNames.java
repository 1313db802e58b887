package glance.train;

import glance.api.FormatException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How reference pictures are found in a folder: by name, beside the picture that is made from them.
 *
 * <pre>
 *   cat.png       the picture to learn, with its caption in cat.txt
 *   cat.ref.png   what it is made from
 *   dog.png
 *   dog.ref1.jpg  of several the first
 *   dog.ref2.png  and the second
 * </pre>
 */
final class ReferenceNames {
    private static final Pattern STEM =
            Pattern.compile("(.+)\\.ref(\\d{0,4})", Pattern.CASE_INSENSITIVE);

    private final Map<String, Map<Integer, Path>> byPicture = new TreeMap<>();

    private ReferenceNames() {}

    /** Whether a picture is one to look at, not one to learn. */
    static boolean isReference(Path picture) {
        return STEM.matcher(CaptionedPicture.stem(picture)).matches();
    }

    /**
     * Groups the references among pictures.
     *
     * @throws FormatException if two have the same number, or one is missing
     */
    static ReferenceNames among(List<Path> pictures) {
        ReferenceNames names = new ReferenceNames();
        pictures.stream().filter(ReferenceNames::isReference).forEach(names::add);
        names.byPicture.values().forEach(ReferenceNames::requireAll);
        return names;
    }

    private void add(Path file) {
        Matcher matcher = STEM.matcher(CaptionedPicture.stem(file));
        matcher.matches();
        String digits = matcher.group(2);
        int number = digits.isEmpty() ? 1 : Integer.parseInt(digits);
        Path other =
                byPicture
                        .computeIfAbsent(matcher.group(1), stem -> new TreeMap<>())
                        .put(number, file);
        if (other != null) {
            throw new FormatException(
                    file,
                    null,
                    "is reference " + number + " of its picture, as " + other.getFileName() + " is",
                    "number them: NAME.ref1, NAME.ref2");
        }
    }

    /** Their order counts, so that one that got lost must not let the others move up. */
    private static void requireAll(Map<Integer, Path> references) {
        int expected = 1;
        for (Map.Entry<Integer, Path> each : references.entrySet()) {
            if (each.getKey() != expected) {
                throw new FormatException(
                        each.getValue(),
                        null,
                        "there is no reference " + expected + " of its picture",
                        "number them from 1 without gaps: NAME.ref1, NAME.ref2");
            }
            expected++;
        }
    }

    /** The references of a picture, in their order, which are then taken. */
    List<Path> take(String stem) {
        Map<Integer, Path> own = byPicture.remove(stem);
        return own == null ? List.of() : List.copyOf(own.values());
    }

    /**
     * @throws FormatException if there is a reference that no picture has taken
     */
    void requireTaken() {
        byPicture.forEach(
                (stem, files) -> {
                    throw new FormatException(
                            files.values().iterator().next(),
                            null,
                            "is what a picture " + stem + " is made from, and there is no such one",
                            "put it beside, or take the reference away");
                });
    }
}

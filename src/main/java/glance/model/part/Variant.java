package glance.model.part;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One of several published models of a family whose transformers have the same names and shapes, as
 * models that differ in training alone. If anything in a file tells which it is, it is the name of
 * the file.
 *
 * @param title what its publishers call it
 * @param mark a pattern that names of its files have in them, in small letters
 */
public record Variant(String title, String mark) {
    /** The first of several whose mark a name has. */
    public static Optional<Variant> named(String name, List<Variant> all) {
        String small = name.toLowerCase(Locale.ROOT);
        return all.stream()
                .filter(variant -> Pattern.compile(variant.mark).matcher(small).find())
                .findFirst();
    }
}

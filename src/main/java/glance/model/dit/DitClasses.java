package glance.model.dit;

import glance.io.Config;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The classes of a model: numbers, and names where its folder has them. An entry may give several
 * names ({@code "tench, Tinca tinca"}); of two classes that share one, the later has it, as in the
 * reference.
 */
final class DitClasses {
    private static final int SUGGESTIONS = 5;

    private final int count;
    private final Map<String, Integer> numbers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    /**
     * @param index model_index.json, with or without {@code id2label}
     * @throws glance.api.FormatException if a number in it is none of a class
     */
    DitClasses(Config index, int count) {
        this.count = count;
        if (!index.hasObject("id2label")) {
            return;
        }
        Config labels = index.object("id2label");
        for (String key : labels.keys()) {
            int number = number(key);
            if (number < 0) {
                throw index.refuse(
                        "id2label",
                        "has the key '" + key + "', expected 0 to " + (count - 1),
                        "use the published model_index.json");
            }
            for (String name : labels.string(key).split(",")) {
                numbers.put(name.strip(), number);
            }
        }
    }

    /**
     * The number of a class, given by number or name; of a blank text that of no class.
     *
     * @throws IllegalArgumentException if there is no such class
     */
    int find(String text) {
        String wanted = text.strip();
        if (wanted.isEmpty()) {
            return count;
        }
        Integer named = numbers.get(wanted);
        int number = named == null ? number(wanted) : named;
        if (number < 0) {
            throw new IllegalArgumentException(
                    "class '"
                            + wanted
                            + "': this model draws "
                            + count
                            + " classes, by number (0 to "
                            + (count - 1)
                            + ")"
                            + remedy(wanted));
        }
        return number;
    }

    /** The number that a text is, or -1 if it is none of a class. */
    private int number(String text) {
        if (!text.matches("\\d{1,9}")) {
            return -1;
        }
        int number = Integer.parseInt(text);
        return number < count ? number : -1;
    }

    private String remedy(String wanted) {
        if (numbers.isEmpty()) {
            return "; its folder has no names for them";
        }
        String lower = wanted.toLowerCase(java.util.Locale.ROOT);
        String similar =
                numbers.keySet().stream()
                        .filter(name -> name.toLowerCase(java.util.Locale.ROOT).contains(lower))
                        .limit(SUGGESTIONS)
                        .collect(Collectors.joining(", "));
        return similar.isEmpty() ? " or name" : " or name, such as " + similar;
    }
}

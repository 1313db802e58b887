package glance.lora;

import glance.io.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Values for the modules whose names match, as PEFT's rank_pattern and alpha_pattern give them. A
 * key is a regular expression for the whole name or for its end after a dot, so a module's name is
 * one too; the first key that matches counts.
 *
 * <pre>
 * to_q             a.to_q, b.to_q
 * ^proj_out        proj_out alone
 * .*\.1\.(a|b)     x.1.a, x.1.b
 * </pre>
 */
final class NamePatterns {
    private static final Pattern PLAIN = Pattern.compile("\\^?[A-Za-z0-9_.-]+");

    /** No name and no sane expression come near; an expression can ask for any number of tries. */
    private static final int MAX_NAME_CHARS = 500;

    private static final int MAX_READS = 1_000_000;

    private final Config config;
    private final List<Entry> entries = new ArrayList<>();

    /** A key; the expression is null where the key is a name. */
    private record Entry(String key, Pattern expression, double value) {}

    /**
     * @param config the object with a number for each key
     * @throws glance.api.FormatException naming the key, if it is no regular expression or its
     *     value no number
     */
    NamePatterns(Config config) {
        this.config = config;
        for (String key : config.keys()) {
            entries.add(new Entry(key, expression(key), config.number(key)));
        }
    }

    private Pattern expression(String key) {
        if (PLAIN.matcher(key).matches()) {
            return null;
        }
        try {
            return Pattern.compile("(.*\\.)?(" + key + ")");
        } catch (PatternSyntaxException e) {
            throw config.refuse(
                    key,
                    "is not a regular expression (" + e.getDescription() + ")",
                    "correct it, or write one entry for each module");
        }
    }

    /** The value of the first key that matches a module's name without prefix. */
    Optional<Double> value(String module) {
        return entries.stream()
                .filter(entry -> matches(entry, module))
                .map(Entry::value)
                .findFirst();
    }

    private boolean matches(Entry entry, String module) {
        String key = entry.key();
        if (entry.expression() == null) {
            return key.startsWith("^")
                    ? module.equals(key.substring(1))
                    : module.equals(key) || module.endsWith("." + key);
        }
        try {
            return module.length() <= MAX_NAME_CHARS
                    && entry.expression().matcher(new Bounded(module, new int[1])).matches();
        } catch (TooManyReads e) {
            throw config.refuse(
                    key,
                    "takes too many tries to match " + module,
                    "write one entry for each module");
        }
    }

    /** A name that can be read a limited number of times. */
    private record Bounded(String text, int[] reads) implements CharSequence {
        @Override
        public char charAt(int index) {
            if (++reads[0] > MAX_READS) {
                throw new TooManyReads();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooManyReads extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}

package glance.cli.common;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes of memory as users write them. */
public final class MemorySize {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,3})?)\\s*([a-z]+)");

    private static final Map<String, Long> UNITS =
            Map.of(
                    "mb", 1_000_000L,
                    "gb", 1_000_000_000L,
                    "mib", 1L << 20,
                    "gib", 1L << 30,
                    "m", 1L << 20,
                    "g", 1L << 30);

    private MemorySize() {}

    /**
     * The bytes of a size such as {@code 12GB}.
     *
     * @param option for the message
     * @throws WrongUseException if it is none
     */
    public static long parse(String option, String text) {
        Matcher parts = SIZE.matcher(text.toLowerCase(Locale.ROOT));
        Long unit = parts.matches() ? UNITS.get(parts.group(2)) : null;
        long bytes =
                unit == null
                        ? 0
                        : new BigDecimal(parts.group(1))
                                .multiply(BigDecimal.valueOf(unit))
                                .longValue();
        if (bytes <= 0) {
            throw new WrongUseException(
                    option + " " + text + ": expected a size such as 12GB, 11.5GiB or 800MB");
        }
        return bytes;
    }
}

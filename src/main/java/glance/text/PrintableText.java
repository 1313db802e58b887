package glance.text;

import java.util.List;
import java.util.stream.Collectors;

/** Text that came out of files, made fit for a terminal: it must not steer it or fake a line. */
public final class PrintableText {
    private static final int MAX_QUOTED_CHARS = 160;

    private PrintableText() {}

    /** The text with {@code ?} for control and format characters and for line separators. */
    public static String line(String text) {
        if (text.chars().allMatch(PrintableText::isPlain)) {
            return text;
        }
        StringBuilder safe = new StringBuilder(text.length());
        text.chars().forEach(c -> safe.append(isPlain(c) ? (char) c : '?'));
        return safe.toString();
    }

    /** As {@link #line}, cut to 160 characters: for quotations in messages. */
    public static String quoted(String text) {
        return text.length() <= MAX_QUOTED_CHARS
                ? line(text)
                : line(text.substring(0, MAX_QUOTED_CHARS)) + "...";
    }

    /** The first few of many texts, each as {@link #quoted}, and how many more there are. */
    public static String some(List<String> texts, int most) {
        String shown =
                texts.stream()
                        .limit(most)
                        .map(PrintableText::quoted)
                        .collect(Collectors.joining(", "));
        int more = texts.size() - most;
        return more > 0 ? shown + " and " + more + " more" : shown;
    }

    private static boolean isPlain(int c) {
        int type = Character.getType(c);
        return !Character.isISOControl(c)
                && type != Character.FORMAT
                && type != Character.LINE_SEPARATOR
                && type != Character.PARAGRAPH_SEPARATOR;
    }
}

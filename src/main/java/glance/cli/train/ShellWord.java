package glance.cli.train;

import java.util.regex.Pattern;

/** Text as a word of a command line that is to be typed again. */
final class ShellWord {
    private static final Pattern PLAIN = Pattern.compile("[\\w@%+=:,./-]+");

    private ShellWord() {}

    /** The text, in quotes if the shell would take it apart; in one line. */
    static String of(String text) {
        String line = text.strip().replaceAll("\\p{Cntrl}+", " ");
        return PLAIN.matcher(line).matches() ? line : "'" + line.replace("'", "'\\''") + "'";
    }
}

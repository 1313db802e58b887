package glance.model.text;

import java.util.regex.Pattern;

/**
 * The end of a prompt that an encoder does not see, because it reads only so many tokens.
 *
 * @param encoder its name
 * @param limit tokens that it reads, those around the text included
 * @param most tokens that it can be told to read
 * @param tokens number of the tokens that are lost
 * @param lost their words
 */
public record PromptCut(String encoder, int limit, int most, int tokens, String lost) {
    private static final int SHOWN_CHARS = 60;
    private static final int HEAD_CHARS = 32;
    private static final int WORD_CHARS = 24;
    private static final Pattern UNPRINTABLE =
            Pattern.compile("[\\s\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]+");

    /**
     * The cut of a text.
     *
     * @param start index of the first char that is lost; the word that it lies in counts as lost
     */
    public static PromptCut of(
            String encoder, int limit, int most, int tokens, String text, int start) {
        return new PromptCut(
                encoder, limit, most, tokens, text.substring(wordAt(text, start)).strip());
    }

    /** Where the word at an index begins; the index itself where words have no spaces. */
    private static int wordAt(String text, int index) {
        if (index < text.length() && Character.isWhitespace(text.charAt(index))) {
            return index; // tokens often have the space before their word
        }
        for (int at = index; at > Math.max(0, index - WORD_CHARS); at--) {
            char before = text.charAt(at - 1);
            if (Character.isWhitespace(before)) {
                return at;
            }
            if (Character.isIdeographic(before)) {
                return index;
            }
        }
        return index;
    }

    /** What the user should know, in one short line. */
    @Override
    public String toString() {
        String line =
                encoder
                        + " reads "
                        + limit
                        + " tokens and does not see the last "
                        + tokens
                        + ": '"
                        + shown()
                        + "'; ";
        if (limit >= most) {
            return line + "it cannot read more, so say the important things first";
        }
        int needed = limit + tokens;
        return line
                + "--max-prompt-tokens "
                + Math.min(needed, most)
                + " makes it read "
                + (needed <= most ? "all" : "more");
    }

    private String shown() {
        String plain = UNPRINTABLE.matcher(lost).replaceAll(" ").strip();
        if (plain.length() <= SHOWN_CHARS) {
            return plain;
        }
        String head = plain.substring(0, HEAD_CHARS);
        String tail = plain.substring(plain.length() - (SHOWN_CHARS - HEAD_CHARS));
        int headEnd = head.lastIndexOf(' ');
        int tailStart = tail.indexOf(' ');
        return (headEnd > 0 ? head.substring(0, headEnd) : head)
                + " ... "
                + tail.substring(tailStart + 1);
    }
}

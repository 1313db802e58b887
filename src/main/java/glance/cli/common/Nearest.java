package glance.cli.common;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that somebody meant, if there is one that is near enough. */
final class Nearest {
    /** A word may differ from what was meant in one of this many characters. */
    private static final int CHARS_PER_ERROR = 3;

    private static final int MIN_PREFIX = 3;

    private Nearest() {}

    /**
     * The name with the fewest errors: characters added, left out, replaced, or swapped with the
     * next one. A name that begins with the text counts as near too.
     */
    static Optional<String> of(String text, Collection<String> names) {
        String word = bare(text);
        return names.stream()
                .filter(name -> isNear(word, bare(name)))
                .min(Comparator.comparingInt(name -> distance(word, bare(name))));
    }

    private static boolean isNear(String word, String name) {
        int errors = Math.min(word.length(), name.length()) / CHARS_PER_ERROR;
        return word.length() >= MIN_PREFIX && name.startsWith(word)
                || Math.abs(word.length() - name.length()) <= errors
                        && distance(word, name) <= errors;
    }

    private static String bare(String name) {
        return name.replaceFirst("^-+", "");
    }

    /** Optimal string alignment: Damerau 1964, Levenshtein 1966. */
    static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                int least = Math.min(replaced, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                boolean swapped =
                        i > 1
                                && j > 1
                                && a.charAt(i - 1) == b.charAt(j - 2)
                                && a.charAt(i - 2) == b.charAt(j - 1);
                cost[i][j] = swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
            }
        }
        return cost[a.length()][b.length()];
    }
}

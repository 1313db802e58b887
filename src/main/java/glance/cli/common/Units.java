package glance.cli.common;

import glance.text.ByteText;
import java.util.Locale;

/** Quantities as a person reads them. */
public final class Units {
    private static final String[] COUNTS = {"", " K", " M", " B", " T"};

    private Units() {}

    /** {@code 13.1 MiB}. */
    public static String bytes(long bytes) {
        return ByteText.of(bytes);
    }

    /** {@code 6.9 M}. */
    public static String count(long count) {
        int i = 0;
        // 999.95 would be printed as 1000.0
        for (double rest = count; rest >= 1000 - 0.05 && i < COUNTS.length - 1; rest /= 1000) {
            i++;
        }
        String digits = i == 0 ? "%.0f" : "%.1f";
        return String.format(Locale.ROOT, digits, count / Math.pow(1000, i)) + COUNTS[i];
    }

    /** {@code 0.42 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
    public static String seconds(double seconds) {
        if (seconds < 10) {
            return String.format(Locale.ROOT, "%.2f s", seconds);
        }
        long whole = Math.round(seconds);
        if (whole < 120) {
            return whole + " s";
        }
        long minutes = whole / 60;
        return minutes < 120
                ? minutes + " min " + whole % 60 + " s"
                : minutes / 60 + " h " + minutes % 60 + " min";
    }

    /** {@code 1 step}, {@code 10 steps}, {@code 20 passes}. */
    public static String plural(int count, String noun) {
        String ending = noun.endsWith("s") ? "es" : "s";
        return count + " " + noun + (count == 1 ? "" : ending);
    }
}

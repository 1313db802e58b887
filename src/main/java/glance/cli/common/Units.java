package glance.cli.common;

import java.util.Locale;

/** Quantities as a person reads them. */
public final class Units {
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final String[] COUNTS = {"", " K", " M", " B", " T"};

    private Units() {}

    /** {@code 13.1 MiB}. */
    public static String bytes(long bytes) {
        int i = power(bytes, 1024);
        return number(bytes / Math.pow(1024, i), i) + " " + BYTES[i];
    }

    /** {@code 6.9 M}. */
    public static String count(long count) {
        int i = power(count, 1000);
        return number(count / Math.pow(1000, i), i) + COUNTS[i];
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

    private static int power(long value, int base) {
        int i = 0;
        // 999.95 would be printed as 1000.0
        for (double rest = value; rest >= base - 0.05 && i < BYTES.length - 1; rest /= base) {
            i++;
        }
        return i;
    }

    private static String number(double value, int power) {
        return String.format(Locale.ROOT, power == 0 ? "%.0f" : "%.1f", value);
    }
}

package glance.text;

import java.util.Locale;

/** Numbers of bytes as a person reads them. */
public final class ByteText {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private ByteText() {}

    /** {@code 13.1 MiB}. */
    public static String of(long bytes) {
        int power = 0;
        // 1023.95 would be printed as 1024.0
        for (double rest = bytes; rest >= 1024 - 0.05 && power < UNITS.length - 1; rest /= 1024) {
            power++;
        }
        return String.format(
                Locale.ROOT,
                power == 0 ? "%.0f %s" : "%.1f %s",
                bytes / Math.pow(1024, power),
                UNITS[power]);
    }
}

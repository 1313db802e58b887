package glance.cli;

import java.math.BigInteger;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the numbers of options as people write them, and refuses the rest in their words: no NaN,
 * no infinities, nothing that the type cannot hold. picocli names the option.
 */
final class NumberConverters {
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d+");
    private static final Pattern NUMBER =
            Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    /** More digits than a number of any option needs. */
    private static final int MAX_CHARS = 40;

    private static final int MAX_SHOWN = 40;

    private NumberConverters() {}

    /** Has a command and all its subcommands read numbers so. */
    static void register(CommandLine command) {
        command.registerConverter(Integer.class, NumberConverters::integer)
                .registerConverter(int.class, NumberConverters::integer)
                .registerConverter(Float.class, NumberConverters::toFloat)
                .registerConverter(float.class, NumberConverters::toFloat)
                .registerConverter(Double.class, NumberConverters::toDouble)
                .registerConverter(double.class, NumberConverters::toDouble);
    }

    static int integer(String text) {
        if (!WHOLE.matcher(text).matches()) {
            throw refuse(text, "is not a whole number");
        }
        if (text.length() > MAX_CHARS || new BigInteger(text).bitLength() >= Integer.SIZE) {
            throw refuse(
                    text,
                    "is out of range: at "
                            + (text.startsWith("-")
                                    ? "least " + Integer.MIN_VALUE
                                    : "most " + Integer.MAX_VALUE));
        }
        return Integer.parseInt(text);
    }

    private static float toFloat(String text) {
        float value = (float) toDouble(text);
        if (Float.isInfinite(value)) {
            throw refuse(text, "is too large");
        }
        return value;
    }

    static double toDouble(String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw refuse(text, "is not a number");
        }
        double value = Double.parseDouble(text);
        if (Double.isInfinite(value)) {
            throw refuse(text, "is too large");
        }
        return value;
    }

    private static TypeConversionException refuse(String text, String reason) {
        String shown = text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "..." : text;
        return new TypeConversionException("'" + shown + "' " + reason);
    }
}

package glance.cli;

import glance.schedule.Seeds;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a seed; -1 stands for a random one, as in other tools. */
final class SeedConverter implements ITypeConverter<Long> {
    private static final String RANDOM = "-1";

    /** Small enough to type again. */
    private static final long RANDOM_SEEDS = 1L << 31;

    static long random() {
        return ThreadLocalRandom.current().nextLong(RANDOM_SEEDS);
    }

    @Override
    public Long convert(String text) {
        try {
            return text.equals(RANDOM) ? random() : Seeds.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage() + ", or -1 for a random one");
        }
    }
}

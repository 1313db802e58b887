package glance.cli.common;

import glance.schedule.Seeds;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a seed; -1 stands for a random one, as in other tools. */
public final class SeedConverter implements ITypeConverter<Long> {
    private static final String RANDOM = "-1";

    @Override
    public Long convert(String text) {
        try {
            return text.equals(RANDOM) ? Seeds.random() : Seeds.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage() + ", or -1 for a random one");
        }
    }
}

package glance.lora;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An adapter as a person asks for it: {@code FILE[:scale][@steps]}, such as {@code
 * slow.safetensors:0.8@1-5}; a folder stands for the adapter in it ({@link AdapterPath}). File
 * names may have colons and at signs themselves: of all ways to read the text, that with the
 * longest existing file counts.
 *
 * @param file the adapter file
 * @param scale strength; 1 is as trained, negative is away from it
 * @param steps plan steps for {@code glance.schedule.StepRange}, or null for all
 */
public record LoraSpec(Path file, float scale, String steps) {
    private static final Pattern OPTIONS =
            Pattern.compile("(?::(?<scale>[^:@]*))?(?:@(?<steps>.*))?");

    /**
     * @throws IllegalArgumentException if the scale is not finite
     */
    public LoraSpec {
        if (!Float.isFinite(scale)) {
            throw refuse(file.toString(), "scale must be a finite number, got " + scale);
        }
    }

    /**
     * Reads a text that names one adapter.
     *
     * @throws IllegalArgumentException if there is no such file, or what follows it is malformed
     * @throws glance.io.FormatException if a folder holds none or several
     */
    public static LoraSpec parse(String text) {
        String name = existing(text);
        return parse(text, AdapterPath.file(Path.of(name)), text.substring(name.length()));
    }

    /**
     * Reads a text that may also name the folder of a training run: all its adapters, each with the
     * scale given and for the steps that it knows itself.
     *
     * @throws IllegalArgumentException if there is no such file, what follows it is malformed, or
     *     steps are given to several adapters
     * @throws glance.io.FormatException if a folder holds none, or several not of a training run
     */
    public static List<LoraSpec> parseAll(String text) {
        String name = existing(text);
        List<Path> files = AdapterPath.all(Path.of(name));
        List<LoraSpec> all =
                files.stream()
                        .map(file -> parse(text, file, text.substring(name.length())))
                        .toList();
        if (all.size() > 1 && all.get(0).steps() != null) {
            throw refuse(
                    text,
                    "the folder holds "
                            + all.size()
                            + " adapters, each for its own steps; leave @ out, or name one of them, such as "
                            + files.get(0)
                            + "@"
                            + all.get(0).steps());
        }
        return all;
    }

    /** The longest beginning of the text that is a file or folder. */
    private static String existing(String text) {
        for (int end = text.length(); end > 0; end--) {
            boolean ends = end == text.length() || isSeparator(text.charAt(end));
            if (ends && exists(text.substring(0, end))) {
                return text.substring(0, end);
            }
        }
        throw refuse(text, "no such file; expected FILE[:scale][@steps]");
    }

    private static LoraSpec parse(String text, Path file, String options) {
        Matcher matcher = OPTIONS.matcher(options);
        if (!matcher.matches()) {
            throw refuse(text, "'" + options + "' after the file is not [:scale][@steps]");
        }
        String scale = matcher.group("scale");
        String steps = matcher.group("steps");
        if (steps != null && steps.isBlank()) {
            throw refuse(text, "steps after '@' are missing; write for example @1-5");
        }
        return new LoraSpec(file, scale == null ? 1 : number(text, scale), steps);
    }

    /** The same adapter for other steps. */
    public LoraSpec at(String otherSteps) {
        return new LoraSpec(file, scale, otherSteps);
    }

    /** The text that {@link #parse} reads. */
    @Override
    public String toString() {
        return file + (scale == 1 ? "" : ":" + scale) + (steps == null ? "" : "@" + steps);
    }

    private static float number(String text, String scale) {
        try {
            float value = Float.parseFloat(scale);
            if (Float.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw refuse(text, "scale '" + scale + "' is not a number");
        }
        throw refuse(text, "scale '" + scale + "' is not finite");
    }

    private static boolean isSeparator(char c) {
        return c == ':' || c == '@';
    }

    private static boolean exists(String text) {
        try {
            return Files.exists(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static IllegalArgumentException refuse(String text, String reason) {
        return new IllegalArgumentException("adapter '" + text + "': " + reason);
    }
}

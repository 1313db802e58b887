package glance.api;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An adapter as it is asked for. As text {@code FILE[:STRENGTH][@STEPS]}, such as {@code
 * slow.safetensors:0.8@1-5}. File names may have colons and at signs themselves: of all ways to
 * read the text, that with the longest existing file counts.
 *
 * @param path an adapter file, the folder of one, or the folder of a training run with an adapter
 *     for each phase
 * @param strength in each of its steps
 * @param steps null for those that the file says it was trained for, else all
 * @param blocks factors on top of the strength
 */
public record Lora(Path path, Strength strength, Steps steps, BlockFactors blocks) {
    /** How the text is written, for help and messages. */
    public static final String SYNTAX = "FILE[:STRENGTH][@STEPS]";

    private static final Pattern OPTIONS =
            Pattern.compile("(?::(?<strength>[^:@]*))?(?:@(?<steps>.*))?");

    /**
     * An adapter at the strength that the plan says, else as trained, in the steps that it was
     * trained for.
     */
    public static Lora of(Path path) {
        return new Lora(path, Strength.OF_PLAN, null, BlockFactors.ONE);
    }

    /** The same at another strength. */
    public Lora strength(float other) {
        return strength(Strength.of(other));
    }

    /** The same at another strength. */
    public Lora strength(Strength other) {
        return new Lora(path, other, steps, blocks);
    }

    /**
     * The same in other steps, such as {@code slow} or {@code 1-5}: see {@link Steps}.
     *
     * @throws RequestException if the text is malformed
     */
    public Lora on(String other) {
        return on(Steps.parse(other));
    }

    /** The same in other steps. */
    public Lora on(Steps other) {
        return new Lora(path, strength, other, blocks);
    }

    /** The same with other factors of blocks. */
    public Lora blocks(BlockFactors other) {
        return new Lora(path, strength, steps, other);
    }

    /** The same from another file. */
    public Lora from(Path other) {
        return new Lora(other, strength, steps, blocks);
    }

    /**
     * Reads {@value #SYNTAX}.
     *
     * @throws RequestException if there is no such file, or what follows it is malformed
     */
    public static Lora parse(String text) {
        String name =
                existing(text)
                        .orElseThrow(() -> refuse(text, "no such file; expected " + SYNTAX, null));
        return Lora.of(Path.of(name)).with(text, text.substring(name.length()));
    }

    /** The longest beginning of a text that is a file or folder and ends before {@code : @ ,}. */
    public static Optional<String> existing(String text) {
        for (int end = text.length(); end > 0; end--) {
            boolean ends = end == text.length() || ":@,".indexOf(text.charAt(end)) >= 0;
            if (ends && exists(text.substring(0, end))) {
                return Optional.of(text.substring(0, end));
            }
        }
        return Optional.empty();
    }

    private static boolean exists(String text) {
        try {
            return Files.exists(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private Lora with(String text, String options) {
        Matcher matcher = OPTIONS.matcher(options);
        if (!matcher.matches()) {
            throw refuse(text, "'" + options + "' after the file is not [:STRENGTH][@STEPS]", null);
        }
        String strengthText = matcher.group("strength");
        String stepsText = matcher.group("steps");
        if (stepsText != null && stepsText.isBlank()) {
            throw refuse(text, "steps after '@' are missing; write for example @1-5", null);
        }
        try {
            Lora strong = strengthText == null ? this : strength(Strength.parse(strengthText));
            return stepsText == null ? strong : strong.on(stepsText);
        } catch (RequestException e) {
            throw refuse(text, e.getMessage(), e);
        }
    }

    private static RequestException refuse(String text, String reason, Throwable cause) {
        return new RequestException("adapter '" + text + "': " + reason, cause);
    }

    /** What follows the file in the text. */
    public String options() {
        return (strength.equals(Strength.OF_PLAN) ? "" : ":" + strength)
                + (steps == null ? "" : "@" + steps);
    }

    /** The text that {@link #parse} reads; factors of blocks have none. */
    @Override
    public String toString() {
        return path + options();
    }
}

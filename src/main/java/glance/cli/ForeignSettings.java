package glance.cli;

import glance.io.FormatException;
import glance.io.PrintableText;
import glance.schedule.Plans;
import glance.schedule.Seeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the settings of another program's picture mean here. */
final class ForeignSettings {
    /** Names a file of the other program, inside the prompt. */
    private static final Pattern ADAPTER = Pattern.compile("<(?:lora|lyco|hypernet):[^<>]*>");

    /** The other values; what was understood is taken out. */
    private final Map<String, String> values;

    private final List<String> left = new ArrayList<>();

    private ForeignSettings(ParametersText text) {
        values = new LinkedHashMap<>(text.values());
    }

    /**
     * The settings that can be taken over.
     *
     * @throws FormatException if there is no prompt
     */
    static PictureText.Recipe of(Path picture, ParametersText text) {
        return new ForeignSettings(text).recipe(picture, text);
    }

    private PictureText.Recipe recipe(Path picture, ParametersText text) {
        String prompt = withoutAdapters(text.prompt());
        if (prompt.isBlank()) {
            throw new FormatException(
                    picture, "parameters", "hold no prompt", "give another picture");
        }
        String negative = withoutAdapters(text.negative());
        PictureText.Recipe recipe =
                new PictureText.Recipe(
                        prompt,
                        negative.isBlank() ? null : negative,
                        take("Seed", Seeds::parse),
                        take("Size", PictureSize::parse),
                        take("CFG scale", scale -> PictureText.atLeast(1, scale)),
                        take("Distilled CFG Scale", scale -> PictureText.atLeast(0, scale)),
                        0,
                        take("Steps", steps -> Plans.uniform(Integer.parseInt(steps))),
                        null,
                        null,
                        left);
        values.forEach(
                (key, value) ->
                        left.add(
                                PrintableText.quoted(key)
                                        + " ("
                                        + PrintableText.quoted(value)
                                        + ")"));
        return recipe;
    }

    private String withoutAdapters(String prompt) {
        Matcher matcher = ADAPTER.matcher(prompt);
        while (matcher.find()) {
            left.add(PrintableText.quoted(matcher.group()));
        }
        return matcher.replaceAll("").strip();
    }

    /** The value of a key, taken out; null and left where it is if it makes no sense here. */
    private <T> T take(String key, Function<String, T> parse) {
        if (!values.containsKey(key)) {
            return null;
        }
        try {
            T value = parse.apply(values.get(key));
            values.remove(key);
            return value;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}

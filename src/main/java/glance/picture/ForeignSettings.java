package glance.picture;

import glance.api.FormatException;
import glance.api.ModelParts;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Request.Size;
import glance.schedule.Seeds;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
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
        Request request = Request.of(prompt);
        request = negative.isBlank() ? request : request.negative(negative);
        request = take("Seed", Seeds::parse, request, Request::seed);
        request = take("Size", Size::parse, request, Request::size);
        request = take("CFG scale", s -> PictureText.atLeast(1, s), request, Request::guidance);
        request =
                take(
                        "Distilled CFG Scale",
                        s -> PictureText.atLeast(0, s),
                        request,
                        Request::embeddedGuidance);
        request = take("Steps", s -> Plans.uniform(Integer.parseInt(s)), request, Request::plan);
        values.forEach(
                (key, value) ->
                        left.add(
                                PrintableText.quoted(key)
                                        + " ("
                                        + PrintableText.quoted(value)
                                        + ")"));
        return new PictureText.Recipe(
                request,
                PictureText.OFF_ELSEWHERE,
                null,
                ModelParts.NONE,
                List.of(),
                List.of(),
                Optional.empty(),
                left);
    }

    private String withoutAdapters(String prompt) {
        Matcher matcher = ADAPTER.matcher(prompt);
        while (matcher.find()) {
            left.add(PrintableText.quoted(matcher.group()));
        }
        return matcher.replaceAll("").strip();
    }

    /**
     * The request with the value of a key, which is taken out; a value that makes no sense here is
     * left where it is.
     */
    private <T> Request take(
            String key,
            Function<String, T> parse,
            Request request,
            BiFunction<Request, T, Request> set) {
        if (!values.containsKey(key)) {
            return request;
        }
        try {
            Request changed = set.apply(request, parse.apply(values.get(key)));
            values.remove(key);
            return changed;
        } catch (IllegalArgumentException e) {
            return request;
        }
    }
}

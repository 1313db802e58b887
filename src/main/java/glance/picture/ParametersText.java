package glance.picture;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Settings in the form of AUTOMATIC1111's web UI, which many tools and sites read:
 *
 * <pre>
 * a red circle
 * Negative prompt: blue
 * Steps: 10, Sampler: Euler, CFG scale: 4.0, Seed: 7, Size: 64x64, Model: "a, b"
 * </pre>
 *
 * A value with a comma, a colon or a line break is a JSON string.
 *
 * @param prompt the lines before the others
 * @param negative what follows {@code Negative prompt:}; empty if that is missing
 * @param values of the last line, in its order
 */
record ParametersText(String prompt, String negative, Map<String, String> values) {
    private static final String NEGATIVE = "Negative prompt:";
    private static final String FIRST = "Steps:";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Reads the text; there is always a prompt, be it empty. */
    static ParametersText parse(String text) {
        String all = "\n" + text.replace("\r\n", "\n").strip();
        int values = all.lastIndexOf("\n" + FIRST);
        String prompts = values < 0 ? all : all.substring(0, values);
        int negative = prompts.indexOf("\n" + NEGATIVE);
        return new ParametersText(
                (negative < 0 ? prompts : prompts.substring(0, negative)).strip(),
                negative < 0 ? "" : prompts.substring(negative + 1 + NEGATIVE.length()).strip(),
                values < 0 ? Map.of() : values(all.substring(values + 1)));
    }

    private static Map<String, String> values(String line) {
        Map<String, String> result = new LinkedHashMap<>();
        int at = 0;
        while (at < line.length()) {
            int colon = line.indexOf(':', at);
            if (colon < 0) {
                break;
            }
            String key = line.substring(at, colon).strip();
            int start = colon + 1;
            while (start < line.length() && line.charAt(start) == ' ') {
                start++;
            }
            int end = start;
            String value = null;
            if (start < line.length() && line.charAt(start) == '"') {
                end = endOfQuote(line, start);
                value = unquoted(line.substring(start, end));
            }
            int comma = line.indexOf(',', end);
            int next = comma < 0 ? line.length() : comma;
            result.putIfAbsent(key, value == null ? line.substring(start, next).strip() : value);
            at = next + 1;
        }
        return result;
    }

    private static int endOfQuote(String line, int start) {
        int at = start + 1;
        while (at < line.length() && line.charAt(at) != '"') {
            at += line.charAt(at) == '\\' ? 2 : 1;
        }
        return Math.min(at + 1, line.length());
    }

    /** Null if it is no JSON string after all. */
    private static String unquoted(String json) {
        try {
            return MAPPER.readValue(json, String.class);
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** The text that {@link #parse} reads. */
    String text() {
        StringBuilder text = new StringBuilder(prompt).append('\n');
        if (!negative.isBlank()) {
            text.append(NEGATIVE).append(' ').append(negative).append('\n');
        }
        String separator = "";
        for (Map.Entry<String, String> entry : values.entrySet()) {
            text.append(separator).append(entry.getKey()).append(": ");
            text.append(quoted(entry.getValue()));
            separator = ", ";
        }
        return text.toString();
    }

    private static String quoted(String value) {
        if (value.chars().noneMatch(c -> c == ',' || c == ':' || c == '\n' || c == '"')) {
            return value;
        }
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a string is always JSON", e);
        }
    }
}

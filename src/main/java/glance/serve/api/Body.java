package glance.serve.api;

import com.fasterxml.jackson.databind.JsonNode;
import glance.serve.http.HttpProblem;
import java.math.BigInteger;
import java.util.Locale;

/** Values of a JSON body that clients of other servers send: numbers may be texts. */
final class Body {
    private final JsonNode body;

    Body(JsonNode body) {
        this.body = body;
    }

    /** What to draw, which must be there. */
    String prompt() {
        String prompt = text("prompt");
        if (prompt == null) {
            throw HttpProblem.invalid("prompt", "is missing or empty; say what to draw");
        }
        return prompt;
    }

    /** A text that is there and not empty, or null. */
    String text(String key) {
        JsonNode value = body.get(key);
        if (value == null || value.isNull() || value.isTextual() && value.asText().isBlank()) {
            return null;
        }
        if (!value.isValueNode()) {
            throw HttpProblem.invalid(key, "must be a text");
        }
        return value.asText();
    }

    /** A whole number in a range, or null. */
    Integer integer(String key, int least, int most) {
        String text = text(key);
        if (text == null) {
            return null;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw HttpProblem.invalid(key, "must be a whole number from " + least + " to " + most);
    }

    /** A number, or null. */
    Float number(String key) {
        String text = text(key);
        try {
            return text == null ? null : Float.valueOf(text);
        } catch (NumberFormatException e) {
            throw HttpProblem.invalid(key, "must be a number");
        }
    }

    /** A seed; null if there is none, or -1 as other servers write that. */
    BigInteger seed(String key) {
        String text = text(key);
        try {
            BigInteger seed = text == null ? null : new BigInteger(text);
            return seed == null || seed.signum() < 0 ? null : seed;
        } catch (NumberFormatException e) {
            throw HttpProblem.invalid(key, "must be a whole number");
        }
    }

    /** A choice; false if it is not there. */
    boolean flag(String key) {
        return Boolean.TRUE.equals(choice(key));
    }

    /**
     * A choice, or null.
     *
     * @throws HttpProblem if it is neither true nor false
     */
    Boolean choice(String key) {
        String text = text(key);
        if (text == null) {
            return null;
        }
        // Python's clients write True, forms often 1
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw HttpProblem.invalid(key, "must be true or false");
        };
    }

    /** Any value, or null. */
    JsonNode value(String key) {
        JsonNode value = body.get(key);
        return value == null || value.isNull() ? null : value;
    }
}

package glance.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.RequestException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The values of one row. Numbers may be texts, as all values of a CSV file are; an empty value is
 * none. What makes no sense is refused in one line that names the column.
 */
final class Columns {
    static final ObjectMapper MAPPER =
            new ObjectMapper()
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final BigInteger SEEDS = BigInteger.ONE.shiftLeft(Long.SIZE);
    private static final int MAX_SHOWN = 80;

    private final JsonNode row;

    private Columns(JsonNode row) {
        this.row = row;
    }

    /**
     * Reads a row.
     *
     * @throws RequestException if it is no JSON object
     */
    static Columns parse(String json) {
        try {
            JsonNode row = MAPPER.readTree(json);
            if (row.isObject()) {
                return new Columns(row);
            }
        } catch (JsonProcessingException e) {
            throw new RequestException(
                    "the row is not JSON (" + e.getOriginalMessage() + "): " + shown(json), e);
        }
        throw new RequestException(
                "the row is no JSON object such as {\"prompt\": \"a red circle\"}: " + shown(json));
    }

    /** The same with the values of another row where this one has none. */
    Columns or(String defaults) {
        ObjectNode merged = MAPPER.createObjectNode();
        parse(defaults).row.properties().forEach(e -> merged.set(e.getKey(), e.getValue()));
        row.fieldNames()
                .forEachRemaining(
                        name -> {
                            if (value(name) != null) {
                                merged.set(name, row.get(name));
                            }
                        });
        return new Columns(merged);
    }

    /** A text, or null. */
    String text(String column) {
        JsonNode value = value(column);
        if (value == null) {
            return null;
        }
        if (!value.isValueNode()) {
            throw refuse(column, "must be a text", value);
        }
        return value.asText();
    }

    /**
     * A text that must be there.
     *
     * @param remedy what to write
     */
    String required(String column, String remedy) {
        String text = text(column);
        if (text == null) {
            throw new RequestException(column + ": is missing or empty; " + remedy);
        }
        return text;
    }

    /** A whole number from 1 on, or null. */
    Integer count(String column) {
        String text = text(column);
        try {
            Integer number = text == null ? null : Integer.valueOf(text.strip());
            if (number == null || number >= 1) {
                return number;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw refuse(column, "must be a whole number from 1 on", value(column));
    }

    /** A finite number, or null. */
    Float number(String column) {
        String text = text(column);
        try {
            Float number = text == null ? null : Float.valueOf(text.strip());
            if (number == null || Float.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw refuse(column, "must be a number", value(column));
    }

    /** A seed, all 64 bits of which count, or null. */
    Long seed(String column) {
        String text = text(column);
        try {
            BigInteger seed = text == null ? null : new BigInteger(text.strip());
            if (seed == null || seed.signum() >= 0 && seed.compareTo(SEEDS) < 0) {
                return seed == null ? null : seed.longValue();
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw refuse(column, "must be a whole number from 0 to 2^64 - 1", value(column));
    }

    /** Any value that is not empty, or null; a text that holds JSON is that JSON. */
    JsonNode structured(String column) {
        JsonNode value = value(column);
        if (value == null || !value.isTextual()) {
            return value;
        }
        String text = value.asText().strip();
        if (!text.startsWith("{") && !text.startsWith("[")) {
            return value;
        }
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new RequestException(
                    column + ": is not JSON (" + e.getOriginalMessage() + "): " + shown(text), e);
        }
    }

    private JsonNode value(String column) {
        JsonNode value = row.get(column);
        boolean isEmpty =
                value == null || value.isNull() || value.isTextual() && value.asText().isBlank();
        return isEmpty ? null : value;
    }

    /** The columns that are none of these, as JSON, or null. */
    String others(Set<String> known) {
        ObjectNode others = ((ObjectNode) row).deepCopy().remove(known);
        return others.isEmpty() ? null : others.toString();
    }

    /** The names of the columns that are none of these. */
    List<String> unknown(Set<String> known) {
        List<String> names = new ArrayList<>();
        row.fieldNames().forEachRemaining(names::add);
        names.removeAll(known);
        return names;
    }

    static RequestException refuse(String column, String what, JsonNode got) {
        return new RequestException(column + ": " + what + ", got " + shown(got.toString()));
    }

    private static String shown(String text) {
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }
}

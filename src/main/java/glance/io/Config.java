package glance.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.text.PrintableText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Typed access to the JSON object of a config file.
 *
 * <p>Unknown keys are tolerated and {@code null} counts as absent, as in the published configs. A
 * value of the wrong type, or a missing one without default, is a {@link FormatException} that
 * names file and key; nested keys are written {@code outer.inner}.
 */
public final class Config {
    /** A config without keys. */
    public static final Config EMPTY = parse(null, null, "{}");

    /** No published config has a larger size; products of a few stay within a long. */
    public static final int MAX_SIZE = 1 << 20;

    /** No published config has as many layers or heads. */
    public static final int MAX_COUNT = 1 << 12;

    private static final long MAX_CONFIG_BYTES = 16_000_000;
    private static final String PUBLISHED = "use the published config";

    private final Path file;
    private final String prefix;
    private final ObjectNode node;

    private Config(Path file, String prefix, ObjectNode node) {
        this.file = file;
        this.prefix = prefix;
        this.node = node;
    }

    /**
     * Reads a config file.
     *
     * @throws FormatException if it is missing or not a JSON object
     */
    public static Config read(Path file) {
        return new Config(file, "", Json.readObject(file, MAX_CONFIG_BYTES));
    }

    /**
     * Reads JSON text that is part of a file, such as a string of a safetensors header, or of none.
     *
     * @param file the file for messages, or null
     * @param where the place in the file, which goes before the keys in messages, or null
     * @throws FormatException if it is not a JSON object
     */
    public static Config parse(Path file, String where, String json) {
        String prefix = where == null ? "" : where + ".";
        return new Config(file, prefix, Json.parseObject(file, where, json));
    }

    /** This config with other values for some keys. */
    public Config with(Map<String, Object> values) {
        return with(values, file);
    }

    /** The same for messages about another file, which says these values. */
    Config with(Map<String, Object> values, Path source) {
        ObjectNode changed = node.deepCopy();
        changed.setAll((ObjectNode) Json.MAPPER.valueToTree(values));
        return new Config(source, prefix, changed);
    }

    /** How many of some values it has; null is the value of a key that is not there. */
    public int agreement(Map<String, Object> values) {
        return (int)
                values.entrySet().stream()
                        .filter(
                                value ->
                                        has(value.getKey())
                                                ? equal(node.get(value.getKey()), value.getValue())
                                                : value.getValue() == null)
                        .count();
    }

    /**
     * The class that the config describes: {@code _class_name} (diffusers) or the first of {@code
     * architectures} (transformers).
     */
    public String className() {
        if (has("_class_name")) {
            return string("_class_name");
        }
        if (has("architectures")) {
            List<String> names = strings("architectures");
            if (!names.isEmpty()) {
                return names.get(0);
            }
        }
        throw missing("_class_name or architectures");
    }

    /** The file that this config, or the one around it, was read from; null if none. */
    public Path file() {
        return file;
    }

    /** Whether the key is there and not null. */
    public boolean has(String key) {
        return node.hasNonNull(key);
    }

    /** A whole number; {@code 2.0} is taken for 2. */
    public int integer(String key) {
        return asInteger(key, required(key));
    }

    /** As {@link #integer(String)}, with a value for an absent key. */
    public int integer(String key, int absent) {
        return has(key) ? integer(key) : absent;
    }

    /** A whole number from {@code min} to {@code max}. */
    public int integer(String key, int absent, int min, int max) {
        return has(key) ? within(key, integer(key), min, max) : absent;
    }

    /** A size, from 1 to {@link #MAX_SIZE}. */
    public int positive(String key) {
        return within(key, integer(key), 1, MAX_SIZE);
    }

    /** As {@link #positive(String)}, with a value for an absent key. */
    public int positive(String key, int absent) {
        return has(key) ? positive(key) : absent;
    }

    /**
     * A number of things that are made one by one, such as layers or heads: from 1 to {@link
     * #MAX_COUNT}.
     */
    public int count(String key) {
        return within(key, integer(key), 1, MAX_COUNT);
    }

    /** As {@link #count(String)}, with a value for an absent key. */
    public int count(String key, int absent) {
        return has(key) ? count(key) : absent;
    }

    /**
     * The product of sizes, which is a size itself.
     *
     * @param key the one to name where it is over {@link #MAX_SIZE}
     */
    public int product(String key, int... sizes) {
        long product = 1;
        for (int size : sizes) {
            product *= size;
            if (product > MAX_SIZE) {
                throw refuse(
                        key,
                        "makes a size over "
                                + MAX_SIZE
                                + ": "
                                + Arrays.toString(sizes)
                                + " multiplied",
                        PUBLISHED);
            }
        }
        return (int) product;
    }

    private int within(String key, int value, int min, int max) {
        if (value < min) {
            throw refuse(key, "must be " + min + " or more, got " + value, PUBLISHED);
        }
        if (value > max) {
            throw refuse(key, "must be at most " + max + ", got " + value, PUBLISHED);
        }
        return value;
    }

    /** A whole number from 0 to 2^64 - 1, as the long of the same 64 bits. */
    public long seed(String key) {
        Predicate<JsonNode> fits =
                n ->
                        n.isNumber()
                                && n.doubleValue() == Math.rint(n.doubleValue())
                                && n.doubleValue() >= 0
                                && n.doubleValue() <= 0x1p64
                                && n.bigIntegerValue().bitLength() <= Long.SIZE;
        String expected = "a whole number from 0 to 18446744073709551615";
        return typed(key, required(key), fits, expected).bigIntegerValue().longValue();
    }

    /** A number. */
    public double number(String key) {
        return asNumber(key, required(key));
    }

    /** As {@link #number(String)}, with a value for an absent key. */
    public double number(String key, double absent) {
        return has(key) ? number(key) : absent;
    }

    /** A number from {@code min} to {@code max}. */
    public double number(String key, double absent, double min, double max) {
        double value = number(key, absent);
        if (value < min || value > max) {
            throw refuse(key, "must be " + min + " to " + max + ", got " + value, PUBLISHED);
        }
        return value;
    }

    /** What a norm adds to a variance: from 0 to 1. */
    public float epsilon(String key, double absent) {
        return (float) number(key, absent, 0, 1);
    }

    /** A truth value. */
    public boolean flag(String key) {
        return typed(key, required(key), JsonNode::isBoolean, "true or false").booleanValue();
    }

    /** As {@link #flag(String)}, with a value for an absent key. */
    public boolean flag(String key, boolean absent) {
        return has(key) ? flag(key) : absent;
    }

    /** A string. */
    public String string(String key) {
        return asString(key, required(key));
    }

    /** As {@link #string(String)}, with a value (null allowed) for an absent key. */
    public String string(String key, String absent) {
        return has(key) ? string(key) : absent;
    }

    /** A list of whole numbers. */
    public List<Integer> integers(String key) {
        return list(key, element -> asInteger(key, element));
    }

    /** A list of numbers. */
    public List<Double> numbers(String key) {
        return list(key, element -> asNumber(key, element));
    }

    /** A list of strings. */
    public List<String> strings(String key) {
        return list(key, element -> asString(key, element));
    }

    /** A list of truth values. */
    public List<Boolean> flags(String key) {
        return list(
                key,
                element ->
                        typed(key, element, JsonNode::isBoolean, "true or false").booleanValue());
    }

    /** The keys of this object, in file order. */
    public List<String> keys() {
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        return List.copyOf(keys);
    }

    /** Whether the key holds a nested object. */
    public boolean hasObject(String key) {
        return node.path(key).isObject();
    }

    /** Whether the key holds a string. */
    public boolean isText(String key) {
        return node.path(key).isTextual();
    }

    /** A nested object. */
    public Config object(String key) {
        JsonNode value = typed(key, required(key), JsonNode::isObject, "an object");
        return new Config(file, prefix + key + ".", (ObjectNode) value);
    }

    /** A list of nested objects; their keys are written {@code outer[0].inner}. */
    public List<Config> objects(String key) {
        List<Config> objects = new ArrayList<>();
        for (JsonNode value : typed(key, required(key), JsonNode::isArray, "a list")) {
            String where = key + "[" + objects.size() + "]";
            ObjectNode object = (ObjectNode) typed(where, value, JsonNode::isObject, "an object");
            objects.add(new Config(file, prefix + where + ".", object));
        }
        return List.copyOf(objects);
    }

    /** A list of strings and nested objects; keys of these are written {@code outer[0].inner}. */
    public <T> List<T> texts(
            String key, Function<String, T> ofString, Function<Config, T> ofObject) {
        List<T> values = new ArrayList<>();
        for (JsonNode value : typed(key, required(key), JsonNode::isArray, "a list")) {
            String where = key + "[" + values.size() + "]";
            if (value instanceof ObjectNode object) {
                values.add(ofObject.apply(new Config(file, prefix + where + ".", object)));
            } else {
                Predicate<JsonNode> text = JsonNode::isTextual;
                values.add(
                        ofString.apply(
                                typed(where, value, text, "a string or an object").textValue()));
            }
        }
        return List.copyOf(values);
    }

    /**
     * Checks that the key is absent or has one of the supported values (numbers, strings, truth
     * values, or a list of these), so that a config which asks for something else is refused by
     * name.
     *
     * @throws FormatException if it has another value
     */
    public void accepts(String key, Object... supported) {
        if (!has(key)) {
            return;
        }
        JsonNode value = node.get(key);
        if (Arrays.stream(supported).noneMatch(candidate -> equal(value, candidate))) {
            throw new FormatException(
                    file,
                    prefix + key,
                    "value " + PrintableText.quoted(value.toString()) + " is not supported",
                    "supported: " + Json.MAPPER.valueToTree(supported));
        }
    }

    /** An exception about one key of this config, for checks that only the reader can make. */
    public FormatException refuse(String key, String reason, String remedy) {
        return new FormatException(file, prefix + key, reason, remedy);
    }

    private static boolean equal(JsonNode value, Object candidate) {
        if (value.isNumber() && candidate instanceof Number number) {
            return value.doubleValue() == number.doubleValue();
        }
        if (value.isArray() && candidate instanceof List<?> list) {
            return value.size() == list.size()
                    && IntStream.range(0, list.size())
                            .allMatch(i -> equal(value.get(i), list.get(i)));
        }
        return Objects.equals(value, Json.MAPPER.valueToTree(candidate));
    }

    private JsonNode required(String key) {
        if (!has(key)) {
            throw missing(key);
        }
        return node.get(key);
    }

    private int asInteger(String key, JsonNode value) {
        Predicate<JsonNode> whole =
                n ->
                        n.isNumber()
                                && n.doubleValue() == Math.rint(n.doubleValue())
                                && Math.abs(n.doubleValue()) <= Integer.MAX_VALUE;
        return (int) typed(key, value, whole, "a whole number").doubleValue();
    }

    private double asNumber(String key, JsonNode value) {
        Predicate<JsonNode> finite =
                n -> n.isNumber() && Math.abs(n.doubleValue()) <= Float.MAX_VALUE;
        return typed(key, value, finite, "a number within float32").doubleValue();
    }

    private String asString(String key, JsonNode value) {
        return typed(key, value, JsonNode::isTextual, "a string").textValue();
    }

    private <T> List<T> list(String key, Function<JsonNode, T> element) {
        List<T> values = new ArrayList<>();
        typed(key, required(key), JsonNode::isArray, "a list")
                .forEach(value -> values.add(element.apply(value)));
        return List.copyOf(values);
    }

    private JsonNode typed(
            String key, JsonNode value, Predicate<JsonNode> matches, String expected) {
        if (matches.test(value)) {
            return value;
        }
        throw new FormatException(
                file,
                prefix + key,
                "expected " + expected + ", got " + PrintableText.quoted(value.toString()),
                "correct the config");
    }

    private FormatException missing(String key) {
        return new FormatException(file, prefix + key, "is missing", PUBLISHED);
    }
}

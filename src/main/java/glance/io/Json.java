package glance.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.api.FormatException;
import glance.text.PrintableText;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** JSON read strictly: UTF-8 only, no duplicate keys, no deep nesting, nothing after the value. */
public final class Json {
    private static final int MAX_NESTING = 32;

    /** Tells programmers how to make the parser lenient. */
    private static final String PARSER_ADVICE = ": enable `.*` to allow";

    private static final int MAX_NUMBER_CHARS = 400;
    private static final int MAX_STRING_CHARS = 100_000_000;

    // Names come from the file: interning them would let a header with a million of them stay in
    // memory for good.
    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_NESTING)
                                    .maxNumberLength(MAX_NUMBER_CHARS)
                                    .maxStringLength(MAX_STRING_CHARS)
                                    .build())
                    .build();

    /** Reads by these rules, and writes. */
    public static final ObjectMapper MAPPER =
            JsonMapper.builder(FACTORY)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private Json() {}

    /** A parser over UTF-8 bytes. Bytes and not a stream: Jackson would guess other encodings. */
    static JsonParser parser(byte[] utf8) throws IOException {
        return FACTORY.createParser(
                new InputStreamReader(
                        new ByteArrayInputStream(utf8), StandardCharsets.UTF_8.newDecoder()));
    }

    /**
     * Reads a file that holds one JSON object.
     *
     * @throws FormatException if it is missing, larger than {@code maxBytes}, or not such an object
     */
    public static ObjectNode readObject(Path file, long maxBytes) {
        return object(file, null, FileInput.bytes(file, maxBytes));
    }

    /**
     * Parses text that holds one JSON object.
     *
     * @param where the place of the text in the file, or null
     * @throws FormatException if it does not
     */
    static ObjectNode parseObject(Path file, String where, String json) {
        return object(file, where, json.getBytes(StandardCharsets.UTF_8));
    }

    private static ObjectNode object(Path file, String where, byte[] utf8) {
        try (JsonParser parser = parser(utf8)) {
            JsonNode root = MAPPER.readTree(parser);
            if (root instanceof ObjectNode object && parser.nextToken() == null) {
                return object;
            }
            throw new FormatException(file, where, "not a single JSON object", "restore the file");
        } catch (IOException e) {
            throw malformed(file, where, e);
        }
    }

    /** Damage of the JSON text itself, with its place. */
    static FormatException malformed(Path file, String where, IOException cause) {
        String reason = "is not valid JSON";
        if (cause instanceof CharacterCodingException) {
            reason = "is not UTF-8 text";
        } else if (cause instanceof JsonProcessingException syntax) {
            String at =
                    syntax.getLocation() == null
                            ? ""
                            : ", line "
                                    + syntax.getLocation().getLineNr()
                                    + " column "
                                    + syntax.getLocation().getColumnNr();
            String detail =
                    PrintableText.quoted(
                            syntax.getOriginalMessage().replaceFirst(PARSER_ADVICE, ""));
            reason = "is not valid JSON (" + detail + at + ")";
        }
        return new FormatException(file, where, reason, "fetch or write the file again", cause);
    }
}

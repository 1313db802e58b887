package glance.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import glance.api.FormatException;
import glance.text.PrintableText;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Settings that people write, in YAML or JSON. */
public final class Yaml {
    private static final long MAX_BYTES = 1 << 20;
    private static final YAMLMapper MAPPER =
            YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /** YAML 1.1 takes 3e-4 for text; whoever writes it means the number. */
    private static final Pattern SCIENTIFIC =
            Pattern.compile("[+-]?\\d{1,20}(\\.\\d{0,20})?[eE][+-]?\\d{1,3}");

    private Yaml() {}

    /**
     * Reads a file that holds one object. Keys whose value is null are left out.
     *
     * @throws FormatException if it is missing, too large, or not such an object
     */
    public static Config read(Path file) {
        byte[] bytes = FileInput.bytes(file, MAX_BYTES);
        try {
            // The JDK's decoder, and not the parser's, because it refuses what is not UTF-8.
            String text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(java.nio.ByteBuffer.wrap(bytes))
                            .toString();
            if (single(file, text) instanceof ObjectNode object) {
                clean(object);
                return Config.parse(file, null, Json.MAPPER.writeValueAsString(object));
            }
            throw new FormatException(
                    file, null, "holds no settings", "write lines such as rank: 32");
        } catch (CharacterCodingException e) {
            throw new FormatException(file, null, "is not UTF-8 text", "save it as UTF-8", e);
        } catch (JsonProcessingException e) {
            String place =
                    e.getLocation() == null
                            ? ""
                            : " in line "
                                    + e.getLocation().getLineNr()
                                    + ", column "
                                    + e.getLocation().getColumnNr();
            throw new FormatException(
                    file,
                    null,
                    "is neither YAML nor JSON: "
                            + PrintableText.quoted(
                                    e.getOriginalMessage().lines().findFirst().orElse(""))
                            + place,
                    "correct it",
                    e);
        } catch (IOException e) {
            throw FileInput.unreadable(file, e);
        }
    }

    /** The value of the text; null if there is none. */
    private static JsonNode single(Path file, String text) throws IOException {
        try (MappingIterator<JsonNode> documents =
                MAPPER.readerFor(JsonNode.class).readValues(text)) {
            JsonNode first = documents.hasNextValue() ? documents.nextValue() : null;
            if (documents.hasNextValue()) {
                throw new FormatException(
                        file,
                        null,
                        "holds more than one document",
                        "remove what follows the line ---");
            }
            return first;
        }
    }

    private static void clean(ObjectNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            JsonNode value = object.get(name);
            if (value.isNull()) {
                object.remove(name);
            } else if (value instanceof ObjectNode inner) {
                clean(inner);
            } else if (value.isTextual() && SCIENTIFIC.matcher(value.textValue()).matches()) {
                object.put(name, new BigDecimal(value.textValue()));
            }
        }
    }
}

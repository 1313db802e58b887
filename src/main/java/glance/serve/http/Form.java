package glance.serve.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import glance.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.BadMessageException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartConfig;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * A form ({@code multipart/form-data}, RFC 7578) as the JSON object that says the same: a field is
 * a text, a picture its file in base 64, and what may come several times a list, also under names
 * with brackets ({@code image[]}). The parser is that of the server's own HTTP library.
 *
 * @param pictures names of fields that hold pictures
 * @param lists names of fields that may come several times
 * @param values names of fields whose texts are JSON where they look like it
 */
public record Form(Set<String> pictures, Set<String> lists, Set<String> values) {
    static final String TYPE = "multipart/form-data";

    private static final int MAX_PARTS = 100;
    private static final int MAX_HEADER_BYTES = 8 << 10;
    private static final String BRACKETS = "[]";

    /**
     * @throws HttpProblem if it is damaged or too large
     */
    ObjectNode read(Request request, String type, int maxBytes) throws IOException {
        if (request.getLength() > maxBytes) {
            throw HttpProblem.tooLarge(maxBytes);
        }
        MultiPartConfig limits =
                new MultiPartConfig.Builder()
                        .maxSize(maxBytes)
                        .maxPartSize(maxBytes)
                        .maxMemoryPartSize(maxBytes)
                        .maxParts(MAX_PARTS)
                        .maxHeadersSize(MAX_HEADER_BYTES)
                        .build();
        try (MultiPartFormData.Parts parts =
                MultiPartFormData.getParts(request, request, type, limits)) {
            ObjectNode object = Json.MAPPER.createObjectNode();
            for (MultiPart.Part part : parts) {
                put(object, part);
            }
            return object;
        } catch (CompletionException | BadMessageException e) {
            Throwable cause = e instanceof CompletionException ? e.getCause() : e;
            if (cause instanceof HttpException http && http.getCode() == 413) {
                throw HttpProblem.tooLarge(maxBytes);
            }
            throw HttpProblem.invalid("the form is damaged or not complete: " + reason(cause));
        }
    }

    private static String reason(Throwable cause) {
        return cause instanceof HttpException http ? http.getReason() : cause.getMessage();
    }

    private void put(ObjectNode object, MultiPart.Part part) throws IOException {
        String given = part.getName();
        if (given == null) {
            throw HttpProblem.invalid("a part of the form has no name");
        }
        boolean bracketed = given.endsWith(BRACKETS);
        String name = bracketed ? given.substring(0, given.length() - BRACKETS.length()) : given;
        JsonNode value = value(name, part);
        if (lists.contains(name)) {
            JsonNode list = object.get(name);
            (list == null ? object.putArray(name) : (ArrayNode) list).add(value);
        } else if (object.has(name)) {
            throw HttpProblem.invalid(name, "is in the form twice");
        } else {
            object.set(name, value);
        }
    }

    /** Some clients send files without a name; no picture is a text. */
    private JsonNode value(String name, MultiPart.Part part) throws IOException {
        byte[] content;
        try (InputStream in = Content.Source.asInputStream(part.getContentSource())) {
            content = in.readAllBytes();
        }
        String text = part.getFileName() != null && pictures.contains(name) ? null : text(content);
        if (text == null && pictures.contains(name)) {
            return new TextNode(Base64.getEncoder().encodeToString(content));
        }
        if (text == null) {
            throw HttpProblem.invalid(name, "is no text in UTF-8");
        }
        if (!values.contains(name) || !text.startsWith("{") && !text.startsWith("[")) {
            return new TextNode(text);
        }
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw HttpProblem.invalid(name, "is not JSON: " + e.getOriginalMessage());
        }
    }

    /** The text of UTF-8; null if it is none. */
    private static String text(byte[] content) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}

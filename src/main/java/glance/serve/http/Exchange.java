package glance.serve.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import glance.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Fields;

/** A request and its answer. Reads and writes block; it belongs to the thread that handles it. */
public final class Exchange {
    /** Pictures that a client may send, with what is around them. */
    public static final int MAX_PICTURE_BYTES = 64 << 20;

    private static final ObjectMapper MAPPER = Json.MAPPER;
    private static final int MAX_JSON_BYTES = 1 << 20;
    private static final int DISCARDED_AT_A_TIME = 1 << 16;
    private static final long DISCARD_NANOS = 5_000_000_000L;

    private final Request request;
    private final Response response;
    private final Map<String, String> path;
    private final Runnable cutOff;
    private final ByteBuffer probe = ByteBuffer.allocate(1024);
    private boolean gone;

    /**
     * @param path the parts of the path that the route names
     * @param cutOff what to do when a stopping server need not wait for it
     */
    Exchange(Request request, Response response, Map<String, String> path, Runnable cutOff) {
        this.request = request;
        this.response = response;
        this.path = path;
        this.cutOff = cutOff;
    }

    /** A part of the path that the route names. */
    public String path(String name) {
        return path.get(name);
    }

    /** A parameter of the query, or null. */
    public String query(String name) {
        Fields fields = Request.extractQueryParameters(request);
        return fields.getValue(name);
    }

    /** A header, or null. */
    public String header(String name) {
        return request.getHeaders().get(name);
    }

    /** Where the client found this server: {@code http://127.0.0.1:8188}. */
    public String base() {
        String proto = header("X-Forwarded-Proto");
        return ("https".equals(proto) ? "https" : "http") + "://" + header("Host");
    }

    /**
     * The body.
     *
     * @param maxBytes how long it may be
     * @throws HttpProblem if it is too large
     */
    public byte[] body(int maxBytes) throws IOException {
        if (request.getLength() > maxBytes) {
            throw HttpProblem.tooLarge(maxBytes);
        }
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] bytes = in.readNBytes(maxBytes + 1);
            if (bytes.length > maxBytes) {
                throw HttpProblem.tooLarge(maxBytes);
            }
            return bytes;
        }
    }

    /**
     * The body, which must be a JSON object; without a body an empty one.
     *
     * @throws HttpProblem if it is not
     */
    public ObjectNode json() throws IOException {
        return json(MAX_JSON_BYTES);
    }

    private ObjectNode json(int maxBytes) throws IOException {
        byte[] bytes = body(maxBytes);
        if (bytes.length == 0) {
            return MAPPER.createObjectNode();
        }
        JsonNode node;
        try {
            node = MAPPER.readTree(new String(bytes, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw HttpProblem.invalid("the body is not JSON: " + e.getOriginalMessage());
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw HttpProblem.invalid("the body must be a JSON object");
    }

    /**
     * The body, with pictures in it: a JSON object, or a form as programs and pages send files, as
     * the same object.
     *
     * @param form how a form becomes one
     * @throws HttpProblem if it is neither
     */
    public ObjectNode withPictures(Form form) throws IOException {
        String type = header("Content-Type");
        return type != null && type.toLowerCase(Locale.ROOT).startsWith(Form.TYPE)
                ? form.read(request, type, MAX_PICTURE_BYTES)
                : json(MAX_PICTURE_BYTES);
    }

    /** Whether its body is larger than a text needs, as far as is known before it is read. */
    public boolean isLarge() {
        long length = request.getLength();
        return length < 0 || length > MAX_JSON_BYTES;
    }

    /** Adds a header to the answer. */
    public void put(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /** Answers with a value as JSON. */
    public void answer(int status, Object value) throws IOException {
        answer(status, "application/json", MAPPER.writeValueAsBytes(value));
    }

    /** Answers with bytes. */
    public void answer(int status, String type, byte[] bytes) throws IOException {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        try (OutputStream out = Content.Sink.asOutputStream(response)) {
            out.write(bytes);
        }
    }

    /**
     * Reads what is left of the body, within limits. A connection that is closed while the client
     * still sends is reset, and many clients then never see the answer.
     */
    void discardBody() {
        byte[] piece = new byte[DISCARDED_AT_A_TIME];
        long end = System.nanoTime() + DISCARD_NANOS;
        try (InputStream in = Content.Source.asInputStream(request)) {
            int left = 2 * MAX_PICTURE_BYTES;
            int count = in.read(piece);
            while (count > 0 && left > 0 && System.nanoTime() < end) {
                left -= count;
                count = in.read(piece);
            }
        } catch (IOException | RuntimeException e) {
            // the client has its answer, or has left; a damaged body is no matter now
        }
    }

    /** Begins an answer of server-sent events. */
    public EventStream events() {
        willWait();
        response.setStatus(200);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        return new EventStream(Content.Sink.asOutputStream(response));
    }

    /**
     * To be called before an answer that takes long: from now on {@link #isGone} knows whether the
     * client still waits. The connection ends with the answer, since what the client sends
     * meanwhile is not kept.
     */
    public void willWait() {
        request.addIdleTimeoutListener(e -> false);
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }

    /** Whether the client has left. */
    public boolean isGone() {
        EndPoint end = request.getConnectionMetaData().getConnection().getEndPoint();
        try {
            probe.clear().flip();
            gone |= !end.isOpen() || end.fill(probe) < 0;
        } catch (IOException e) {
            gone = true;
        }
        return gone;
    }

    /** A server that is about to stop need not wait for the end of this answer. */
    public void mayBeCutOff() {
        cutOff.run();
    }
}

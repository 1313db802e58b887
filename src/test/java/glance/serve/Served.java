package glance.serve;

import com.fasterxml.jackson.databind.JsonNode;
import glance.Glance;
import glance.Model;
import glance.api.Request;
import glance.io.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A server of the built-in model, or another, on a free port, and a client that speaks plain HTTP
 * to it.
 */
public final class Served implements AutoCloseable {
    private final Glance glance = Glance.open("cpu");
    private final Model model;
    private final HttpClient client = HttpClient.newHttpClient();
    private GlanceServer server;

    /** An answer: its status and body as JSON. */
    public record Answer(int status, JsonNode json, HttpResponse<byte[]> response) {
        /** The words of a refusal. */
        public String message() {
            return json.path("error").path("message").asText();
        }
    }

    /** An event of a stream. */
    public record Event(String name, JsonNode data) {}

    /** Serves with the usual options. */
    public Served(Path folder) {
        this(options(folder, null, 64));
    }

    public Served(ServeOptions options) {
        model = glance.builtIn();
        start(options);
    }

    /** Serves a model of a folder. */
    public Served(ServeOptions options, Path folder) {
        model = glance.load(folder);
        start(options);
    }

    /** On a free port of the loopback interface. */
    public static ServeOptions options(Path folder, String key, int waiting) {
        return options(folder, null, key, waiting);
    }

    /** The same with adapters. */
    public static ServeOptions options(Path folder, Path adapters, String key, int waiting) {
        return new ServeOptions(
                ServeOptions.LOOPBACK,
                0,
                List.of("glance.test"),
                key,
                adapters,
                folder,
                waiting,
                ServeOptions.GPU_BATCH,
                Request.Size.parse("1024x1024"));
    }

    /** Serves anew, after {@link #stop}. */
    public void start(ServeOptions options) {
        server = new GlanceServer(glance, model, options);
    }

    /** Ends the server; the model stays. */
    public void stop() {
        server.close();
    }

    public GlanceServer server() {
        return server;
    }

    public Model model() {
        return model;
    }

    public URI at(String path) {
        return server.address().resolve(path);
    }

    public Answer get(String path) throws Exception {
        return send(HttpRequest.newBuilder(at(path)));
    }

    public Answer post(String path, String body) throws Exception {
        return send(HttpRequest.newBuilder(at(path)).POST(BodyPublishers.ofString(body)));
    }

    public Answer post(String path, byte[] body) throws Exception {
        return send(HttpRequest.newBuilder(at(path)).POST(BodyPublishers.ofByteArray(body)));
    }

    public Answer delete(String path) throws Exception {
        return send(HttpRequest.newBuilder(at(path)).DELETE());
    }

    public Answer send(HttpRequest.Builder request) throws Exception {
        HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
        String type = response.headers().firstValue("Content-Type").orElse("");
        return new Answer(
                response.statusCode(),
                type.startsWith("application/json") ? read(response.body()) : null,
                response);
    }

    private static JsonNode read(byte[] json) throws IOException {
        return Json.MAPPER.readTree(new String(json, java.nio.charset.StandardCharsets.UTF_8));
    }

    /** All events of a stream until it ends. */
    public List<Event> events(HttpRequest.Builder request) throws Exception {
        List<Event> events = new ArrayList<>();
        String name = null;
        for (String line : client.send(request.build(), BodyHandlers.ofLines()).body().toList()) {
            if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("data: ")) {
                events.add(new Event(name, read(line.substring(6).getBytes("UTF-8"))));
            }
        }
        return events;
    }

    /** Waits until a job is over. */
    public JsonNode finished(String id) throws Exception {
        while (true) {
            JsonNode job = get("/v1/jobs/" + id).json();
            if (!List.of("queued", "running").contains(job.path("state").asText())) {
                return job;
            }
            Thread.sleep(20);
        }
    }

    @Override
    public void close() {
        server.close();
        model.close();
        glance.close();
    }
}

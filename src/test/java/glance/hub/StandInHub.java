package glance.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import glance.io.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A hub on this machine, and a second server that it sends requests for large files to. Answers as
 * the hub does, until a test makes it answer otherwise.
 */
public final class StandInHub implements AutoCloseable {
    public static final String COMMIT = "1234567890abcdef1234567890abcdef12345678";
    private static final Pattern API =
            Pattern.compile("/api/models/([^/]+/[^/]+)/revision/([^/]+)");
    private static final Pattern FILE = Pattern.compile("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
    private static final Pattern SMALL =
            Pattern.compile("/api/resolve-cache/models/([^/]+/[^/]+)/([^/]+)/(.+)");
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    static {
        // Without it each small answer takes 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final Map<String, Map<String, byte[]>> repos = new LinkedHashMap<>();

    /** By the arrays themselves; to hash a large one takes longer than to send it. */
    private final Map<byte[], String> etags = new ConcurrentHashMap<>();

    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer hub = server();
    private final HttpServer cdn = server();
    private volatile Fault fault = exchange -> false;
    private volatile boolean listsSizes = true;
    private volatile ObjectNode about = Json.MAPPER.createObjectNode();

    /** What a request was. */
    public record Seen(
            boolean onCdn, String method, String path, String range, String authorization) {}

    /** Answers in place of the hub, or lets it. */
    @FunctionalInterface
    public interface Fault {
        /** True if it answered. */
        boolean answers(HttpExchange exchange) throws IOException;
    }

    public StandInHub() {
        hub.createContext("/", exchange -> guarded(exchange, false));
        cdn.createContext("/", exchange -> guarded(exchange, true));
        hub.start();
        cdn.start();
    }

    private HttpServer server() {
        try {
            HttpServer server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(threads);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Has a repository with the files of a folder. */
    public StandInHub repo(String id, Path folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path file : tree.filter(Files::isRegularFile).toList()) {
                files.put(
                        folder.relativize(file).toString().replace('\\', '/'),
                        Files.readAllBytes(file));
            }
        }
        repos.put(id, files);
        return this;
    }

    /** Has a file in a repository. */
    public StandInHub file(String id, String path, byte[] content) {
        repos.computeIfAbsent(id, key -> new TreeMap<>()).put(path, content);
        return this;
    }

    /** Adds to what the API says of every repository. */
    public StandInHub about(ObjectNode more) {
        about = more;
        return this;
    }

    /** Lists names alone, as some mirrors do. */
    public StandInHub withoutSizes() {
        listsSizes = false;
        return this;
    }

    public void fault(Fault other) {
        fault = other;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    /** The port of the second server. */
    public int cdnPort() {
        return cdn.getAddress().getPort();
    }

    /** All requests so far. */
    public List<Seen> seen() {
        return List.copyOf(seen);
    }

    public void forget() {
        seen.clear();
    }

    /** Requests for content of large files. */
    public List<Seen> onCdn() {
        return seen.stream().filter(Seen::onCdn).toList();
    }

    /** What the hub calls a file's content. */
    public static String etag(String path, byte[] content) {
        return isLarge(path)
                ? hex("SHA-256", content)
                : hex(
                        "SHA-1",
                        ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII),
                        content);
    }

    private String known(String path, byte[] content) {
        return etags.computeIfAbsent(content, bytes -> etag(path, bytes));
    }

    private static boolean isLarge(String path) {
        return path.endsWith(".safetensors");
    }

    private static String hex(String algorithm, byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            Arrays.stream(parts).forEach(digest::update);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void guarded(HttpExchange exchange, boolean onCdn) throws IOException {
        seen.add(
                new Seen(
                        onCdn,
                        exchange.getRequestMethod(),
                        exchange.getRequestURI().toString(),
                        exchange.getRequestHeaders().getFirst("Range"),
                        exchange.getRequestHeaders().getFirst("Authorization")));
        try (exchange) {
            if (!fault.answers(exchange)) {
                answer(exchange, onCdn);
            }
        } catch (IOException e) {
            // The client went away, or the test wants the connection to break.
        }
    }

    private void answer(HttpExchange exchange, boolean onCdn) throws IOException {
        String path = exchange.getRequestURI().getPath();
        Matcher api = API.matcher(exchange.getRequestURI().getRawPath());
        Matcher file = FILE.matcher(path);
        Matcher small = SMALL.matcher(path);
        if (onCdn) {
            large(exchange, path.substring(1));
        } else if (api.matches()) {
            list(exchange, api.group(1), api.group(2).replace("%2F", "/"));
        } else if (small.matches()) {
            send(exchange, repos.get(small.group(1)).get(small.group(3)), small.group(3));
        } else if (file.matches()) {
            resolve(exchange, file.group(1), file.group(3));
        } else {
            say(exchange, 404, "");
        }
    }

    private void list(HttpExchange exchange, String id, String revision) throws IOException {
        if (!repos.containsKey(id)) {
            exchange.getResponseHeaders().set("X-Error-Code", "RepoNotFound");
            say(exchange, 401, "{\"error\":\"Invalid username or password.\"}");
            return;
        }
        if (!List.of("main", "v1", "refs/pr/1", COMMIT).contains(revision)) {
            exchange.getResponseHeaders().set("X-Error-Code", "RevisionNotFound");
            say(exchange, 404, "{\"error\":\"Invalid rev id\"}");
            return;
        }
        ObjectNode json = Json.MAPPER.createObjectNode().put("id", id).put("sha", COMMIT);
        json.put("gated", false).setAll(about);
        repos.get(id)
                .forEach((path, content) -> json.withArray("siblings").add(entry(path, content)));
        say(exchange, 200, json.toString());
    }

    private ObjectNode entry(String path, byte[] content) {
        ObjectNode entry = Json.MAPPER.createObjectNode().put("rfilename", path);
        if (listsSizes) {
            entry.put("size", content.length).put("blobId", "f".repeat(40));
            if (isLarge(path)) {
                entry.putObject("lfs")
                        .put("sha256", known(path, content))
                        .put("size", content.length)
                        .put("pointerSize", 134);
            } else {
                entry.put("blobId", known(path, content));
            }
        }
        return entry;
    }

    private void resolve(HttpExchange exchange, String id, String path) throws IOException {
        byte[] content = repos.getOrDefault(id, Map.of()).get(path);
        if (content == null) {
            exchange.getResponseHeaders().set("X-Error-Code", "EntryNotFound");
            say(exchange, 404, "");
            return;
        }
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        if (isLarge(path)) {
            exchange.getResponseHeaders().set("X-Linked-Etag", '"' + known(path, content) + '"');
            exchange.getResponseHeaders().set("X-Linked-Size", "" + content.length);
            exchange.getResponseHeaders()
                    .set(
                            "Location",
                            "http://localhost:" + cdnPort() + "/" + id + "/" + path + "?sig=1");
            say(exchange, 302, "moved");
        } else {
            exchange.getResponseHeaders()
                    .set("Location", "/api/resolve-cache/models/" + id + "/" + COMMIT + "/" + path);
            say(exchange, 307, "moved");
        }
    }

    private void large(HttpExchange exchange, String path) throws IOException {
        String[] parts = path.split("/", 3);
        send(exchange, repos.get(parts[0] + "/" + parts[1]).get(parts[2]), parts[2]);
    }

    /** The content of a file, or the part that was asked for. */
    private void send(HttpExchange exchange, byte[] content, String path) throws IOException {
        exchange.getResponseHeaders().set("ETag", "W/\"" + known(path, content) + '"');
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        part(exchange, content, content.length);
    }

    /**
     * Answers with the part of a content that was asked for.
     *
     * @param most bytes to send before the connection breaks
     */
    public static void part(HttpExchange exchange, byte[] content, int most) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int first = 0;
        int last = content.length - 1;
        int status = 200;
        if (range != null) {
            Matcher matcher = RANGE.matcher(range);
            if (!matcher.matches() || Long.parseLong(matcher.group(2)) > last) {
                say(exchange, 416, "");
                return;
            }
            first = Integer.parseInt(matcher.group(1));
            last = Integer.parseInt(matcher.group(2));
            status = 206;
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + first + "-" + last + "/" + content.length);
        }
        int count = last - first + 1;
        if (exchange.getRequestMethod().equals("HEAD") || count == 0) {
            exchange.getResponseHeaders().set("Content-Length", "" + count);
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.sendResponseHeaders(status, count);
        OutputStream body = exchange.getResponseBody();
        body.write(content, first, Math.min(most, count));
        body.flush();
        if (most >= count) {
            body.close();
        }
    }

    /** Answers with a text. */
    public static void say(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        boolean none = bytes.length == 0 || exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, none ? -1 : bytes.length);
        if (!none) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        cdn.stop(0);
        threads.shutdownNow();
    }
}

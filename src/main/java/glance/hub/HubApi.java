package glance.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import glance.io.Json;
import glance.text.PrintableText;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What one repository of the hub holds. Nothing that the hub says is believed unchecked. */
final class HubApi {
    private static final int MAX_LISTING_BYTES = 16 << 20;
    private static final int MAX_FILES = 100_000;
    private static final long MAX_FILE_BYTES = 1L << 44;
    private static final String LICENCE = "license";

    private final HubClient client;
    private final HubName name;

    HubApi(HubClient client, HubName name) {
        this.client = client;
        this.name = name;
    }

    /**
     * Asks for the files at the revision of the name.
     *
     * @throws HubException if there is no such repository, it may not be read, or the answer makes
     *     no sense
     */
    Repo repo() throws IOException, InterruptedException {
        URI uri =
                uri(
                        "/api/models/"
                                + name.repo()
                                + "/revision/"
                                + encoded(name.revision())
                                + "?blobs=true");
        ByteBuffer content = ByteBuffer.allocate(MAX_LISTING_BYTES);
        Reply reply =
                client.persist(
                        () -> client.send("GET", uri, null, true, content.clear(), count -> {}),
                        () -> 0);
        if (!reply.isOk()) {
            throw new Refusal(client, name).of(reply, null);
        }
        JsonNode json;
        try {
            json = Json.MAPPER.readTree(content.array(), 0, content.position());
        } catch (JsonProcessingException e) {
            throw senseless("is not JSON", e);
        }
        List<String> files = new ArrayList<>();
        Map<String, RepoFile> known = new HashMap<>();
        for (JsonNode sibling : siblings(json)) {
            RepoFile file = file(sibling);
            files.add(file.path());
            if (RepoFile.isEtag(file.etag()) && file.size() >= 0) {
                known.put(file.path(), file);
            }
        }
        return new Repo(commit(json), licence(json), gated(json), files, known);
    }

    private String commit(JsonNode json) throws HubException {
        String commit = json.path("sha").asText();
        if (!RepoCache.isCommit(commit)) {
            throw senseless("names no commit", null);
        }
        return commit;
    }

    private static String licence(JsonNode json) {
        JsonNode card = json.path("cardData");
        JsonNode licence = card.path(LICENCE);
        String text = licence.isArray() ? licence.path(0).asText() : licence.asText();
        if (text.equals("other")) {
            text = card.path("license_name").asText(text);
        }
        for (JsonNode tag : json.path("tags")) {
            if (text.isEmpty() && tag.asText().startsWith(LICENCE + ":")) {
                text = tag.asText().substring(LICENCE.length() + 1);
            }
        }
        return text.isEmpty() ? null : PrintableText.quoted(text);
    }

    /** False, or a word that says who decides. */
    private static boolean gated(JsonNode json) {
        JsonNode gated = json.path("gated");
        return gated.isTextual() || gated.asBoolean();
    }

    private JsonNode siblings(JsonNode json) throws HubException {
        JsonNode siblings = json.path("siblings");
        if (siblings.size() > MAX_FILES) {
            throw senseless("lists " + siblings.size() + " files", null);
        }
        return siblings;
    }

    /** A file of the list; without size and hash where the list does not have them. */
    private RepoFile file(JsonNode sibling) throws HubException {
        String path = sibling.path("rfilename").asText();
        if (!RepoFile.isSafe(path)) {
            throw senseless(
                    "lists a file '"
                            + PrintableText.quoted(path)
                            + "', which is no name of a file inside of a folder",
                    null);
        }
        JsonNode lfs = sibling.path("lfs");
        String etag =
                lfs.isObject() ? lfs.path("sha256").asText() : sibling.path("blobId").asText();
        long size = (lfs.isObject() ? lfs : sibling).path("size").asLong(-1);
        if (size > MAX_FILE_BYTES) {
            throw senseless("says that " + path + " has " + size + " bytes", null);
        }
        return new RepoFile(path, etag, size);
    }

    /**
     * Asks for size and hash of a file.
     *
     * @throws HubException if it may not be read, or the answer makes no sense
     */
    RepoFile file(String commit, String path) throws IOException, InterruptedException {
        URI uri = uri(commit, path);
        Reply reply =
                client.persist(
                        () ->
                                client.send(
                                        "HEAD", uri, null, false, ByteBuffer.allocate(0), n -> {}),
                        () -> 0);
        if (!reply.isOk() && !reply.isRedirect()) {
            throw new Refusal(client, name).of(reply, path);
        }
        String etag = first(reply, "X-Linked-Etag", "ETag").replaceFirst("^W/", "");
        etag = etag.replace("\"", "");
        String size = first(reply, "X-Linked-Size", "Content-Length");
        if (!RepoFile.isEtag(etag)) {
            throw senseless("gives no hash of " + path, null);
        }
        if (!size.matches("\\d{1,15}") || Long.parseLong(size) > MAX_FILE_BYTES) {
            throw senseless(
                    "says that " + path + " has '" + PrintableText.quoted(size) + "' bytes", null);
        }
        return new RepoFile(path, etag, Long.parseLong(size));
    }

    private static String first(Reply reply, String... names) {
        return Arrays.stream(names)
                .map(reply::header)
                .filter(value -> !value.isBlank())
                .findFirst()
                .orElse("");
    }

    /** The address of a file. */
    URI uri(String commit, String path) {
        String encoded =
                Arrays.stream(path.split("/"))
                        .map(HubApi::encoded)
                        .collect(Collectors.joining("/"));
        return uri("/" + name.repo() + "/resolve/" + commit + "/" + encoded);
    }

    private URI uri(String path) {
        return URI.create(client.settings().endpoint() + path);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HubException senseless(String what, Throwable cause) {
        return new HubException(
                "the answer of "
                        + client.settings().endpoint().getHost()
                        + " "
                        + what
                        + "; it is not used",
                cause);
    }
}

package glance.hub;

import static glance.hub.HubFixture.NAME;
import static glance.hub.HubFixture.noise;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import glance.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that no hub gives: each is one line, and nothing outside of the cache is touched. */
class HostileHubTest {
    private static final String WEIGHTS = "vae/diffusion_pytorch_model.safetensors";

    @TempDir private Path home;
    private HubFixture fixture;

    @BeforeEach
    void open() {
        fixture = new HubFixture(home).model(5_000);
    }

    @AfterEach
    void close() throws IOException {
        fixture.close();
        try (Stream<Path> files = Files.walk(home)) {
            assertThat(files.filter(Files::isRegularFile))
                    .allMatch(file -> file.startsWith(fixture.repo().getParent()));
        }
    }

    private void assertRefused(String reason) {
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .message()
                .contains(reason)
                .hasSizeLessThan(600)
                .hasLineCount(1)
                .doesNotContainPattern("\\p{Cntrl}");
        assertThat(fixture.repo().resolve("refs/main")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../x.safetensors",
                "vae/../../../x",
                "/etc/x",
                "C:/x",
                "c:x",
                "vae\\..\\..\\x",
                "vae/x\u001b[2J",
                "x\n",
                "vae//x",
                "vae/./x",
                "..",
                "vae/",
                ""
            })
    void nameThatLeadsOutOfItsFolder_isRefused(String path) {
        fixture.hub.file(HubFixture.ID, path, noise(10));
        assertRefused("', which is no name of a file inside of a folder; it is not used");
    }

    @Test
    void listOfAllTooManyFiles_isRefused() {
        StringBuilder list =
                new StringBuilder("{\"sha\":\"" + StandInHub.COMMIT + "\",\"siblings\":[");
        for (int i = 0; i < 100_001; i++) {
            list.append(i == 0 ? "" : ",").append("{\"rfilename\":\"").append(i).append("\"}");
        }
        answerList(list + "]}");
        assertRefused("lists 100001 files");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "\"x\"",
                "{\"sha\":\"../..\",\"siblings\":[]}",
                "{\"sha\":\"" + StandInHub.COMMIT + "\",\"sha\":\"x\"}",
                "<html>"
            })
    void listThatIsNone_isRefused(String text) {
        answerList(text);
        assertRefused("some-one/tiny.model: the answer of 127.0.0.1 ");
    }

    @Test
    void listOfNothing_isNoModel() {
        answerList("{\"sha\":\"" + StandInHub.COMMIT + "\"}");
        assertRefused("some-one/tiny.model: holds no model_index.json; ");
    }

    private void answerList(String text) {
        fixture.hub.fault(
                exchange -> {
                    boolean list = exchange.getRequestURI().getPath().startsWith("/api/models/");
                    if (list) {
                        StandInHub.say(exchange, 200, text);
                    }
                    return list;
                });
    }

    @Test
    void listWithoutEnd_isCutOff() {
        fixture.hub.fault(HostileHubTest::endless);
        assertRefused("127.0.0.1 sends more than it should");
    }

    @Test
    void errorWithoutEnd_isCutOff() {
        fixture.hub.fault(
                exchange -> {
                    exchange.sendResponseHeaders(404, 0);
                    return pour(exchange);
                });
        assertRefused("no such repository");
    }

    @Test
    void contentWithoutEnd_isCutOff() {
        fixture.hub.fault(exchange -> isCdn(exchange) && endless(exchange));
        assertRefused("localhost sends more than it should");
    }

    private static boolean endless(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        return pour(exchange);
    }

    private static boolean pour(HttpExchange exchange) throws IOException {
        byte[] bytes = noise(1 << 16);
        while (true) {
            exchange.getResponseBody().write(bytes);
        }
    }

    private boolean isCdn(HttpExchange exchange) {
        return exchange.getLocalAddress().getPort() == fixture.hub.cdnPort();
    }

    @Test
    void fileShorterThanTheHubSays_isRefused() {
        fixture.hub.fault(
                exchange -> {
                    if (isCdn(exchange)) {
                        StandInHub.part(exchange, noise(4_000), 4_000);
                    }
                    return isCdn(exchange);
                });
        assertRefused("some-one/tiny.model: " + WEIGHTS + " is shorter than the hub says");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "99999999999999999999", "1e3", "9007199254740991"})
    void sizeThatIsNone_isRefused(String size) {
        answerHead("X-Linked-Size", size);
        assertRefused("says that " + WEIGHTS + " has '" + (size.isEmpty() ? "" : size));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "../../../../x", "W/\"1234\""})
    void hashThatIsNone_isRefused(String etag) {
        answerHead("X-Linked-Etag", etag);
        assertRefused("gives no hash of " + WEIGHTS);
    }

    private void answerHead(String header, String value) {
        fixture.hub.withoutSizes();
        fixture.hub.fault(
                exchange -> {
                    boolean head =
                            exchange.getRequestMethod().equals("HEAD")
                                    && exchange.getRequestURI().getPath().endsWith(WEIGHTS);
                    if (head) {
                        exchange.getResponseHeaders().set("X-Linked-Etag", "a".repeat(64));
                        exchange.getResponseHeaders().set("X-Linked-Size", "5000");
                        exchange.getResponseHeaders().set(header, value);
                        exchange.getResponseHeaders().set("Location", "http://localhost:1/x");
                        StandInHub.say(exchange, 302, "");
                    }
                    return head;
                });
    }

    @Test
    void enormousSize_meetsTheDisk() {
        fixture.free(1L << 40);
        answerHead("X-Linked-Size", "17592186044416");
        assertRefused("needs 17592.2 GB, and the disk of ");
    }

    @Test
    void otherPartThanAskedFor_isRefused() {
        fixture.pieces(1_000);
        fixture.hub.fault(
                exchange -> {
                    if (isCdn(exchange)) {
                        exchange.getResponseHeaders().set("Content-Range", "bytes 7-1006/5000");
                        exchange.sendResponseHeaders(206, 1_000);
                        exchange.getResponseBody().write(noise(1_000));
                    }
                    return isCdn(exchange);
                });
        assertRefused("localhost does not send the part of a file that was asked for");
    }

    @Test
    void wholeFileInPlaceOfAPart_isRefused() {
        fixture.pieces(1_000);
        fixture.hub.fault(
                exchange -> {
                    if (isCdn(exchange)) {
                        StandInHub.say(exchange, 200, "x".repeat(5_000));
                    }
                    return isCdn(exchange);
                });
        assertRefused("localhost does not send the part of a file that was asked for");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "file:///etc/passwd", "ftp://x/y", "::", "http://", "jar:x"})
    void redirectToNoAddress_isRefused(String location) {
        redirectAll(location);
        assertRefused("127.0.0.1 redirects to something that is no address");
    }

    @Test
    void redirectsInACircle_areRefused() {
        redirectAll("/again");
        assertRefused("127.0.0.1 redirects more than 10 times");
    }

    private void redirectAll(String location) {
        fixture.hub.fault(
                exchange -> {
                    exchange.getResponseHeaders().set("Location", location);
                    StandInHub.say(exchange, 302, "");
                    return true;
                });
    }

    @Test
    void token_isNotSentWhereTheHubRedirectsTo_norShown() {
        fixture.environment.put("HF_TOKEN", "hf_secret");
        redirectAll("http://localhost:" + fixture.hub.cdnPort() + "/x");
        fixture.hub.fault(
                exchange -> {
                    if (isCdn(exchange)) {
                        StandInHub.say(exchange, 418, "");
                    } else {
                        exchange.getResponseHeaders()
                                .set("Location", "http://localhost:" + fixture.hub.cdnPort());
                        StandInHub.say(exchange, 302, "");
                    }
                    return true;
                });
        assertRefused("localhost answers 418");
        assertThat(fixture.hub.onCdn()).isNotEmpty().allMatch(s -> s.authorization() == null);
        assertThatThrownBy(() -> fixture.files().model(NAME)).hasMessageNotContaining("hf_secret");
    }

    @Test
    void licence_isPrintableAndShort() {
        fixture.hub.about(
                Json.MAPPER
                        .createObjectNode()
                        .set(
                                "cardData",
                                Json.MAPPER
                                        .createObjectNode()
                                        .put("license", "other")
                                        .put("license_name", "\u001b[2J" + "x".repeat(1_000))));
        assertThat(fixture.files().look(NAME).licence()).startsWith("?[2Jxxx").hasSize(163);
    }
}

package glance.hub;

import static glance.hub.HubFixture.NAME;
import static glance.hub.HubFixture.noise;
import static glance.hub.HubFixture.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes, and what does not. */
class PullFaultsTest {
    private static final String WEIGHTS = "vae/diffusion_pytorch_model.safetensors";
    private static final int SIZE = 300_000;
    private static final byte[] CONTENT = noise(SIZE);

    @TempDir private Path home;
    private HubFixture fixture;

    @BeforeEach
    void open() {
        fixture = new HubFixture(home).model(SIZE);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private void assertWhole() {
        assertThat(fixture.files().model(NAME)).isEqualTo(fixture.snapshot());
        assertThat(fixture.snapshot().resolve(WEIGHTS)).hasBinaryContent(CONTENT);
        assertThat(tree(fixture.repo())).hasSize(7);
    }

    private boolean isCdn(HttpExchange exchange) {
        return exchange.getLocalAddress().getPort() == fixture.hub.cdnPort();
    }

    /** The first and third requests of each kind. */
    private static boolean isEarly(HttpExchange exchange, Map<String, AtomicInteger> counts) {
        String kind = exchange.getRequestMethod() + exchange.getRequestURI().getPath();
        int count = counts.computeIfAbsent(kind, key -> new AtomicInteger()).getAndIncrement();
        return count == 0 || count == 2;
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void busyServer_isAskedAgain(int status) {
        Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
        fixture.hub.fault(
                exchange -> {
                    boolean fails = isEarly(exchange, counts);
                    if (fails) {
                        StandInHub.say(exchange, status, "busy");
                    }
                    return fails;
                });
        assertWhole();
    }

    @Test
    void retryAfter_isWaitedFor() {
        AtomicInteger count = new AtomicInteger();
        String date =
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(1));
        fixture.hub.fault(
                exchange -> {
                    int number = count.getAndIncrement();
                    if (number < 2) {
                        String wait = number == 0 ? "1" : date;
                        exchange.getResponseHeaders().set("Retry-After", wait);
                        StandInHub.say(exchange, 429, "");
                    }
                    return number < 2;
                });
        long start = System.nanoTime();
        assertWhole();
        assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
    }

    @Test
    void retryAfterHours_isOneLine() {
        fixture.hub.fault(
                exchange -> {
                    exchange.getResponseHeaders().set("Retry-After", "7200");
                    StandInHub.say(exchange, 429, "");
                    return true;
                });
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessage(
                        "some-one/tiny.model: 127.0.0.1 answers 429 and wants 7200 s of rest; run it again later, it"
                                + " goes on from there");
    }

    @Test
    void serverThatStaysBusy_isGivenUp() {
        fixture.hub.fault(
                exchange -> {
                    StandInHub.say(exchange, 503, "");
                    return true;
                });
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessageStartingWith(
                        "some-one/tiny.model: 127.0.0.1 answers 503, 6 times in a row; run it");
        assertThat(fixture.hub.seen()).hasSize(6);
    }

    @Test
    void brokenConnections_goOnWhereTheyBroke() {
        fixture.hub.fault(
                exchange -> {
                    String range = exchange.getRequestHeaders().getFirst("Range");
                    if (!isCdn(exchange) || !range.matches("bytes=\\d*[05]0000-.*|bytes=0-.*")) {
                        return false;
                    }
                    StandInHub.part(exchange, CONTENT, 12_345);
                    return true;
                });
        fixture.pieces(50_000);
        assertWhole();
        assertThat(fixture.hub.onCdn())
                .hasSize(12)
                .extracting(StandInHub.Seen::range)
                .contains("bytes=0-49999", "bytes=12345-49999", "bytes=262345-299999");
    }

    /** Each brings a little: that is no failure in a row. */
    @Test
    void connectionThatBreaksAgainAndAgain_isPatientAsLongAsBytesCome() {
        fixture.hub.fault(
                exchange -> {
                    if (!isCdn(exchange)) {
                        return false;
                    }
                    StandInHub.part(exchange, CONTENT, 7_000);
                    return true;
                });
        assertWhole();
        assertThat(fixture.hub.onCdn()).hasSizeGreaterThan(SIZE / 7_000);
    }

    @Test
    void thousandsOfSmallRanges_manyLost_arriveAll() {
        AtomicInteger count = new AtomicInteger();
        fixture.hub.fault(
                exchange -> {
                    if (!isCdn(exchange)) {
                        return false;
                    }
                    switch (count.getAndIncrement() % 7) {
                        case 0 -> StandInHub.part(exchange, CONTENT, 20);
                        case 2 -> StandInHub.say(exchange, 503, "");
                        case 4 -> exchange.close();
                        default -> {
                            return false;
                        }
                    }
                    return true;
                });
        fixture.pieces(100);
        assertWhole();
        assertThat(fixture.hub.onCdn()).hasSizeGreaterThan(3_000);
    }

    @Test
    void wrongContentOnce_isFetchedAgain() {
        AtomicInteger count = new AtomicInteger();
        byte[] wrong = CONTENT.clone();
        wrong[77_777]++;
        fixture.hub.fault(
                exchange -> {
                    boolean fails = isCdn(exchange) && count.getAndIncrement() < 3;
                    if (fails) {
                        StandInHub.part(exchange, wrong, SIZE);
                    }
                    return fails;
                });
        fixture.pieces(100_000);
        assertWhole();
        assertThat(fixture.hub.onCdn()).hasSize(6);
    }

    @Test
    void wrongContentTwice_isOneLineAndLeavesNoBlob() {
        byte[] wrong = CONTENT.clone();
        wrong[SIZE - 1]++;
        fixture.hub.fault(
                exchange -> {
                    if (isCdn(exchange)) {
                        StandInHub.part(exchange, wrong, SIZE);
                    }
                    return isCdn(exchange);
                });
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessage(
                        "some-one/tiny.model: vae/diffusion_pytorch_model.safetensors came twice"
                                + " with other content than its hash says; it is not used");
        assertThat(fixture.hub.onCdn()).hasSize(2);
        assertThat(tree(fixture.repo()).keySet())
                .noneMatch(name -> name.contains(StandInHub.etag(WEIGHTS, CONTENT)))
                .noneMatch(name -> name.contains("refs"));
    }

    @Test
    void wrongContentOfASmallFile_isNoticedToo() {
        fixture.hub.fault(
                exchange -> {
                    boolean config = exchange.getRequestURI().getPath().endsWith("/config.json");
                    if (config) {
                        StandInHub.say(exchange, 200, "[]");
                    }
                    return config;
                });
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessageContaining("vae/config.json came twice with other content");
    }

    @Test
    void addressThatExpired_isAskedForAgain() {
        AtomicInteger count = new AtomicInteger();
        fixture.hub.fault(
                exchange -> {
                    boolean expired = isCdn(exchange) && count.getAndIncrement() % 5 == 4;
                    if (expired) {
                        StandInHub.say(exchange, 403, "expired");
                    }
                    return expired;
                });
        fixture.pieces(10_000);
        assertWhole();
    }

    @Test
    void silentConnection_countsAsBroken() {
        AtomicInteger count = new AtomicInteger();
        fixture.hub.fault(
                exchange -> {
                    if (!isCdn(exchange) || count.getAndIncrement() > 0) {
                        return false;
                    }
                    StandInHub.part(exchange, CONTENT, 1_000);
                    sleep(20_000);
                    return true;
                });
        fixture.silence(300);
        assertWhole();
    }

    @Test
    void slowConnection_isNoFailure() {
        fixture.hub.fault(
                exchange -> {
                    if (!isCdn(exchange)) {
                        return false;
                    }
                    exchange.sendResponseHeaders(200, SIZE);
                    for (int i = 0; i < SIZE; i += 50_000) {
                        exchange.getResponseBody().write(CONTENT, i, 50_000);
                        exchange.getResponseBody().flush();
                        sleep(200);
                    }
                    return true;
                });
        fixture.silence(1_000);
        assertWhole();
        assertThat(fixture.hub.onCdn()).hasSize(1);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void twoPullsAtOnce_fetchEachBlobOnce() throws Exception {
        for (int i = 0; i < 20; i++) {
            fixture.hub.file(HubFixture.ID, "experts/" + i + ".safetensors", noise(10_000 + i));
        }
        Throwable[] failed = new Throwable[4];
        Thread[] threads = new Thread[failed.length];
        for (int i = 0; i < threads.length; i++) {
            int number = i;
            threads[i] = new Thread(() -> fixture.files().pull(NAME));
            threads[i].setUncaughtExceptionHandler((thread, e) -> failed[number] = e);
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failed).containsOnlyNulls();
        assertThat(fixture.hub.onCdn())
                .extracting(StandInHub.Seen::path)
                .hasSize(21)
                .doesNotHaveDuplicates();
        assertThat(tree(fixture.repo()).keySet()).noneMatch(name -> name.endsWith(".incomplete"));
    }

    @Test
    void noHub_isOneLineAtOnce_andTheCacheAnswers() throws IOException {
        fixture.environment.put("HF_ENDPOINT", "http://127.0.0.1:1");
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessageStartingWith("some-one/tiny.model: the cache ")
                .hasMessageContaining("does not have it; http://127.0.0.1:1 cannot be reached (");
        fixture.environment.put("HF_ENDPOINT", fixture.hub.endpoint());
        fixture.files().model(NAME);
        fixture.environment.put("HF_ENDPOINT", "http://no-such-host.invalid");
        fixture.notes.clear();
        assertThat(fixture.files().pull(NAME)).isEqualTo(fixture.snapshot());
        assertThat(fixture.notes)
                .singleElement()
                .asString()
                .startsWith("http://no-such-host.invalid cannot be reached (")
                .endsWith("; the cache has some-one/tiny.model");

        Files.delete(fixture.snapshot().resolve(WEIGHTS));
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessageContaining(
                        " lacks vae/*.safetensors of it; http://no-such-host.invalid");
        assertThatThrownBy(() -> fixture.files(fixture.settings().withoutNetwork()).model(NAME))
                .hasMessageContaining(
                        " lacks vae/*.safetensors of it; no network may be used here");
    }
}

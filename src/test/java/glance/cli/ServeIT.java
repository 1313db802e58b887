package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.cli.EngineProcess.Result;
import glance.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process: signals, sudden ends, many clients. */
@DisabledOnOs(OS.WINDOWS)
class ServeIT {
    private static final int CLIENTS = 16;

    @TempDir private Path folder;
    private final HttpClient client = HttpClient.newHttpClient();
    private Process process;
    private String address;

    private void serve(String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of("serve", "--port", "0", "--out", "pics"));
        args.addAll(List.of(more));
        process = EngineProcess.in(folder).start(List.of(), args.toArray(String[]::new));
        address = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        assertThat(address).startsWith("http://127.0.0.1:");
    }

    @AfterEach
    void end() {
        if (process != null) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(address + path))
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private String get(String path) throws Exception {
        return client.send(
                        HttpRequest.newBuilder(URI.create(address + path)).build(),
                        BodyHandlers.ofString())
                .body();
    }

    private JsonNode jobs() throws Exception {
        return Json.MAPPER.readTree(get("v1/jobs?limit=500")).path("data");
    }

    private long count(String state) throws Exception {
        long count = 0;
        for (JsonNode job : jobs()) {
            count += job.path("state").asText().equals(state) ? 1 : 0;
        }
        return count;
    }

    @Test
    void sigterm_finishesThePictureThatAClientWaitsFor_andExitsWith0() throws Exception {
        serve();
        ExecutorService threads = Executors.newSingleThreadExecutor();
        Future<HttpResponse<String>> waited =
                threads.submit(
                        () ->
                                post(
                                        "v1/images/generations",
                                        "{\"prompt\": \"a\", \"plan\": \"uniform-60\"}"));
        while (count("running") == 0) {
            Thread.sleep(10);
        }
        process.toHandle().destroy();
        assertThat(waited.get().statusCode()).isEqualTo(200);
        Result result = EngineProcess.finish(process);
        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).contains("finishing what clients wait for");
        threads.shutdown();
    }

    @Test
    void killedServer_losesNoFinishedPicture_andNoQueuedJob() throws Exception {
        serve();
        for (int i = 0; i < 8; i++) {
            String body = "{\"prompt\": \"a\", \"plan\": \"uniform-20\", \"seed\": " + i + "}";
            assertThat(post("v1/jobs", body).statusCode()).isEqualTo(202);
        }
        while (count("done") < 2) {
            Thread.sleep(10);
        }
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        Map<String, byte[]> before = pictures();
        assertThat(before).hasSizeGreaterThanOrEqualTo(2);

        serve();
        while (count("done") < 8) {
            Thread.sleep(20);
        }
        Map<String, byte[]> after = pictures();
        assertThat(after).hasSize(8);
        before.forEach((name, bytes) -> assertThat(after.get(name)).isEqualTo(bytes));
    }

    private Map<String, byte[]> pictures() throws IOException {
        Map<String, byte[]> all = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder.resolve("pics"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".png")).toList()) {
                all.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return all;
    }

    /** All are answered, with a picture or with 429, and memory is what it was after the first. */
    @Test
    void twoHundredRequests_from16Clients_areAllAnswered_inConstantMemory() throws Exception {
        serve("--queue", "8");
        int first = load(20);
        Map<String, Long> early = memory();
        int rest = load(180);
        Map<String, Long> late = memory();
        // a queue of 8 is never empty before 16 clients
        assertThat(first + rest).isGreaterThan(CLIENTS);
        for (String part : List.of("weights", "activations", "pool")) {
            assertThat(late.get(part)).as(part).isEqualTo(early.get(part));
        }
        // objects alive: jobs that are remembered, and little else
        assertThat(late.get("heap") - early.get("heap")).isLessThan(4L << 20);
    }

    /** Sends requests from all clients; how many were pictures. */
    private int load(int requests) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        List<Future<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            String body = "{\"prompt\": \"a\", \"plan\": \"uniform-1\", \"seed\": " + i + "}";
            answers.add(threads.submit(() -> post("v1/images/generations", body)));
        }
        int pictures = 0;
        for (int i = 0; i < requests; i++) {
            HttpResponse<String> answer = answers.get(i).get();
            assertThat(answer.statusCode()).isIn(200, 429);
            if (answer.statusCode() == 200) {
                JsonNode picture = Json.MAPPER.readTree(answer.body()).path("data").get(0);
                assertThat(picture.path("seed").asText()).isEqualTo(Integer.toString(i));
                assertThat(Base64.getDecoder().decode(picture.path("b64_json").asText()))
                        .startsWith(0x89, 'P', 'N', 'G');
                pictures++;
            } else {
                assertThat(answer.headers().firstValue("Retry-After")).isPresent();
            }
        }
        threads.shutdown();
        return pictures;
    }

    private Map<String, Long> memory() throws Exception {
        ProcessHandle engine = process.children().findFirst().orElseThrow();
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        new ProcessBuilder(jcmd.toString(), Long.toString(engine.pid()), "GC.run")
                .start()
                .waitFor();
        Map<String, Long> parts = new TreeMap<>();
        for (String line : get("metrics").lines().toList()) {
            if (line.startsWith("glance_memory_bytes{")) {
                String part = line.substring(line.indexOf('"') + 1, line.lastIndexOf('"'));
                parts.put(part, (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))));
            }
        }
        return parts;
    }
}

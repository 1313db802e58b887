package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Lora;
import glance.api.Request;
import glance.api.RequestException;
import glance.fixtures.Fixture;
import glance.serve.Served.Answer;
import glance.serve.Served.Event;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobsTest {
    private static final String LONG = "{\"prompt\": \"a\", \"plan\": \"uniform-1000\"}";

    @TempDir Path folder;
    private Served served;

    @BeforeEach
    void serve() {
        served = new Served(Served.options(folder, null, 2));
    }

    @AfterEach
    void close() {
        served.close();
    }

    private String submit(String body) throws Exception {
        Answer answer = served.post("/v1/jobs", body);
        assertThat(answer.status()).isEqualTo(202);
        return answer.json().path("id").asText();
    }

    @Test
    void job_isTaken_drawn_kept_andForgotten() throws Exception {
        String id = submit("{\"prompt\": \"a red circle\", \"seed\": 7, \"plan\": \"uniform-2\"}");
        JsonNode job = served.finished(id);
        assertThat(job.path("state").asText()).isEqualTo("done");
        assertThat(job.path("step").asInt()).isEqualTo(2);
        String file = job.path("pictures").get(0).path("file").asText();
        byte[] want =
                served.model()
                        .draw(Request.of("a red circle").seed(7).plan("uniform-2"))
                        .get(0)
                        .png();
        assertThat(Files.readAllBytes(folder.resolve(file))).isEqualTo(want);
        assertThat(served.get("/v1/jobs/" + id + "/result").response().body()).isEqualTo(want);
        assertThat(served.get("/v1/jobs?limit=1").json().path("data").get(0).path("id").asText())
                .isEqualTo(id);

        assertThat(served.delete("/v1/jobs/" + id).status()).isEqualTo(200);
        assertThat(folder.resolve(file)).doesNotExist();
        assertThat(served.get("/v1/jobs/" + id).status()).isEqualTo(404);
    }

    @Test
    void events_tellStepsAndPreviews_untilItIsOver() throws Exception {
        String first = submit("{\"prompt\": \"a\", \"plan\": \"uniform-20\"}");
        String id = submit("{\"prompt\": \"b\", \"plan\": \"glance-8\"}");
        List<Event> events =
                served.events(
                        HttpRequest.newBuilder(
                                served.at("/v1/jobs/" + id + "/events?previews=all")));
        assertThat(served.finished(first).path("state").asText()).isEqualTo("done");
        assertThat(events.get(0).data().path("state").asText()).isEqualTo("queued");
        assertThat(events.get(0).data().path("position").asInt()).isZero();
        assertThat(events.stream().filter(e -> e.name().equals("preview"))).hasSize(7);
        assertThat(events)
                .anyMatch(
                        e ->
                                e.data().path("step").asInt() == 3
                                        && e.data().path("phase").asText().equals("slow"));
        assertThat(events.get(events.size() - 1).data().path("state").asText()).isEqualTo("done");
    }

    @Test
    void cancel_endsOneThatIsDrawnWithinAStep_andOneThatWaitsAtOnce() throws Exception {
        String drawn = submit(LONG);
        String waiting = submit(LONG);
        while (served.get("/v1/jobs/" + drawn).json().path("step").asInt() < 2) {
            Thread.sleep(10);
        }
        served.post("/v1/jobs/" + waiting + "/cancel", "");
        served.post("/v1/jobs/" + drawn + "/cancel", "");
        assertThat(served.finished(waiting).path("state").asText()).isEqualTo("cancelled");
        JsonNode job = served.finished(drawn);
        assertThat(job.path("state").asText()).isEqualTo("cancelled");
        assertThat(job.path("step").asInt()).isLessThan(1000);
    }

    @Test
    void fullQueue_answers429_withTheTimeToComeBack() throws Exception {
        List<String> taken = new ArrayList<>();
        taken.add(submit(LONG));
        while (served.server().jobs().waiting() > 0) {
            Thread.sleep(10);
        }
        taken.add(submit(LONG));
        taken.add(submit(LONG));
        Answer refused = served.post("/v1/images/generations", "{\"prompt\": \"a\"}");
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.message()).isEqualTo("the queue is full (2 wait); try again later");
        assertThat(refused.response().headers().firstValueAsLong("Retry-After").getAsLong())
                .isPositive();
        for (String id : taken) {
            served.post("/v1/jobs/" + id + "/cancel", "");
        }
    }

    @Test
    void clientThatLeaves_endsItsJob() throws Exception {
        String body = LONG;
        try (Socket socket = new Socket("127.0.0.1", served.server().address().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(
                    ("POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                                    + body.length()
                                    + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            while (served.get("/v1/jobs").json().path("data").isEmpty()) {
                Thread.sleep(10);
            }
        }
        String id = served.get("/v1/jobs").json().path("data").get(0).path("id").asText();
        assertThat(served.finished(id).path("state").asText()).isEqualTo("cancelled");
    }

    @Test
    void restart_keepsTheHistory_andGoesOnWithTheQueue() throws Exception {
        String done = submit("{\"prompt\": \"a\", \"plan\": 1}");
        served.finished(done);
        String drawn = submit(LONG.replace("1000", "100"));
        String waiting = submit("{\"prompt\": \"c\", \"seed\": 3, \"plan\": 1}");
        Path kept = folder.resolve("jobs").resolve(waiting + ".json");
        byte[] before = Files.readAllBytes(kept);
        served.stop();
        assertThat(kept).hasBinaryContent(before);

        served.start(Served.options(folder, null, 2));
        assertThat(served.get("/v1/jobs/" + done).json().path("state").asText()).isEqualTo("done");
        JsonNode job = served.finished(waiting);
        assertThat(job.path("state").asText()).isEqualTo("done");
        assertThat(job.path("pictures").get(0).path("seed").textValue()).isEqualTo("3");
        assertThat(served.finished(drawn).path("state").asText()).isEqualTo("done");
    }

    @Test
    void twoServers_inOneFolder_areRefused() {
        assertThatThrownBy(() -> new Served(folder))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("another server keeps its jobs there");
    }

    @Test
    void eventsOfAllJobs_tellOfThoseThatWereThereBefore() throws Exception {
        String id = submit(LONG);
        while (served.get("/v1/jobs/" + id).json().path("step").asInt() < 1) {
            Thread.sleep(10);
        }
        try (Socket socket = new Socket("127.0.0.1", served.server().address().getPort())) {
            socket.getOutputStream()
                    .write(
                            "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            BufferedReader lines =
                    new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(until(lines, "\"state\":\"running\"")).contains(id);
            served.post("/v1/jobs/" + id + "/cancel", "");
            assertThat(until(lines, "\"state\":\"cancelled\"")).contains(id);
        }
    }

    private static String until(BufferedReader lines, String text) throws Exception {
        String line = lines.readLine();
        while (line != null && !line.contains(text)) {
            line = lines.readLine();
        }
        return line;
    }

    @Test
    void refusedJob_isNotDrawnLater() throws Exception {
        String drawn = submit(LONG);
        while (served.server().jobs().waiting() > 0) {
            Thread.sleep(10);
        }
        List<String> waiting = List.of(submit(LONG), submit(LONG));
        assertThat(served.post("/v1/jobs", LONG).status()).isEqualTo(429);
        try (Stream<Path> files = Files.list(folder.resolve("jobs"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".json"))).hasSize(3);
        }
        for (String id : waiting) {
            served.post("/v1/jobs/" + id + "/cancel", "");
        }
        served.post("/v1/jobs/" + drawn + "/cancel", "");
    }

    @Test
    void adapterOfAStep_isUsedInThatStepAlone() throws Exception {
        Path adapters = Fixture.folder("glance-tiny-pipeline");
        served.stop();
        served.start(Served.options(folder, adapters, null, 2));
        Answer answer =
                served.post(
                        "/v1/images/generations",
                        "{\"prompt\": \"a red circle\", \"seed\": 7, \"plan\": \"uniform-4\","
                                + " \"lora\": [{\"file\": \"slow\", \"scale\": 0.5,"
                                + " \"steps\": \"1-2\"}]}");
        byte[] want =
                served.model()
                        .draw(
                                Request.of("a red circle")
                                        .seed(7)
                                        .plan("uniform-4")
                                        .lora(
                                                Lora.of(adapters.resolve("slow.safetensors"))
                                                        .strength(0.5f)
                                                        .on("1-2")))
                        .get(0)
                        .png();
        String file = answer.json().path("data").get(0).path("b64_json").asText();
        assertThat(Pixels.of(Base64.getDecoder().decode(file))).isEqualTo(Pixels.of(want));
    }

    @Test
    void damagedJobFile_isLeftOut() throws Exception {
        served.stop();
        Path jobs = folder.resolve("jobs");
        Files.writeString(jobs.resolve("20260101-000000000-abc.json"), "{");
        Files.writeString(jobs.resolve("20260101-000000000-abd.json"), "{}");
        Files.writeString(jobs.resolve(".glance-x.part"), "{");
        served.start(Served.options(folder, null, 2));
        assertThat(served.get("/v1/jobs").json().path("data")).isEmpty();
        assertThat(jobs.resolve(".glance-x.part")).doesNotExist();
    }

    @Test
    void drain_finishesWhatClientsWaitFor_andLeavesTheRest() throws Exception {
        String drawn = submit("{\"prompt\": \"a\", \"plan\": \"uniform-30\"}");
        String waiting = submit("{\"prompt\": \"b\", \"plan\": 1}");
        served.server().drain();
        assertThat(served.get("/v1/jobs/" + drawn).json().path("state").asText()).isEqualTo("done");
        assertThat(served.get("/v1/jobs/" + waiting).json().path("state").asText())
                .isEqualTo("queued");
        assertThat(served.post("/v1/jobs", LONG).status()).isEqualTo(503);
        try (Stream<Path> files = Files.list(folder.resolve("jobs"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".json"))).hasSize(2);
        }
    }

    @Test
    void settingsOfAPicture_comeBack() throws Exception {
        byte[] png =
                served.model()
                        .draw(Request.of("a red circle").seed(-1).plan("glance-8").guidance(3))
                        .get(0)
                        .png();
        JsonNode settings = served.post("/v1/settings", png).json();
        JsonNode request = settings.path("request");
        assertThat(request.path("prompt").asText()).isEqualTo("a red circle");
        assertThat(request.path("seed").textValue()).isEqualTo("18446744073709551615");
        assertThat(request.path("guidance").asDouble()).isEqualTo(3);
        assertThat(request.path("plan").path("name").asText()).isEqualTo("glance-8");
        assertThat(served.post("/v1/settings", new byte[] {1, 2, 3}).status()).isEqualTo(400);
        String id = submit(request.toString());
        String file = served.finished(id).path("pictures").get(0).path("file").asText();
        assertThat(Files.readAllBytes(folder.resolve(file))).isEqualTo(png);
    }

    @Test
    void unknownKeysAndValues_areNamed() throws Exception {
        assertThat(served.post("/v1/jobs", "{\"prompt\": \"a\", \"stps\": 3}").message())
                .startsWith("stps: is no key here; known are embedded_guidance, extend, guidance");
        assertThat(served.post("/v1/jobs", "{\"prompt\": \"a\", \"n\": [1]}").message())
                .isEqualTo("n: has no value of this kind");
        Answer plan =
                served.post(
                        "/v1/jobs", "{\"prompt\": \"a\", \"plan\": {\"of\": 2, \"keep\": [3]}}");
        assertThat(plan.status()).isEqualTo(400);
        assertThat(plan.message()).contains("keep");
        Answer size = served.post("/v1/jobs", "{\"prompt\": \"a\", \"size\": \"1024x1032\"}");
        assertThat(size.message())
                .isEqualTo("size 1024x1032: this server draws at most as many pixels as 1024x1024");
        submit("{\"prompt\": \"a\", \"plan\": null}");
    }
}

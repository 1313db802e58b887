package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.Picture;
import glance.api.Lora;
import glance.api.Request;
import glance.api.Strength;
import glance.fixtures.Fixture;
import glance.serve.Served.Answer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs that wait and share forward passes. */
class SharedPassesTest {
    private static final Path ADAPTERS = Fixture.folder("glance-tiny-pipeline");

    @TempDir Path folder;
    private Served served;

    @BeforeEach
    void serve() {
        served = new Served(Served.options(folder, ADAPTERS, null, 64));
    }

    @AfterEach
    void close() {
        served.close();
    }

    /** Taken while another one is drawn, which is of another shape. */
    private List<String> submitTogether(String... bodies) throws Exception {
        String first = holdTheQueue();
        List<String> ids = new ArrayList<>();
        for (String body : bodies) {
            ids.add(submit(body));
        }
        served.post("/v1/jobs/" + first + "/cancel", "");
        served.finished(first);
        return ids;
    }

    private String holdTheQueue() throws Exception {
        String id = submit("{\"prompt\": \"a\", \"plan\": \"uniform-1000\"}");
        while (served.server().jobs().waiting() > 0) {
            Thread.sleep(10);
        }
        return id;
    }

    private String submit(String body) throws Exception {
        Answer answer = served.post("/v1/jobs", body);
        assertThat(answer.status()).as(answer.message()).isEqualTo(202);
        return answer.json().path("id").asText();
    }

    private static String body(String prompt, int seed, String plan, String more) {
        return String.format(
                Locale.ROOT,
                "{\"prompt\": \"%s\", \"seed\": %d, \"plan\": \"%s\"%s}",
                prompt,
                seed,
                plan,
                more);
    }

    private static String lora(String file, String scale, String steps) {
        return String.format(
                ", \"lora\": [{\"file\": \"%s\", \"scale\": %s, \"steps\": \"%s\"}]",
                file, scale, steps);
    }

    private static Request request(String prompt, int seed, String plan, Lora... loras) {
        return Request.of(prompt).seed(seed).plan(plan).loras(List.of(loras));
    }

    /** A done job has the pixels that the request has alone. */
    private void requireAlone(String id, Request request) throws Exception {
        JsonNode job = served.finished(id);
        assertThat(job.path("state").asText()).as(job.toString()).isEqualTo("done");
        List<byte[]> alone = served.model().draw(request).stream().map(Picture::png).toList();
        assertThat(job.path("pictures")).hasSameSizeAs(alone);
        for (int i = 0; i < alone.size(); i++) {
            Path file = folder.resolve(job.path("pictures").get(i).path("file").asText());
            assertThat(Pixels.of(Files.readAllBytes(file))).isEqualTo(Pixels.of(alone.get(i)));
        }
    }

    /** Jobs that were told that so many share their passes. */
    private int sharedBy(int jobs) throws Exception {
        byte[] metrics = served.get("/metrics").response().body();
        String name = "glance_shared_jobs_total{jobs=\"" + jobs + "\"} ";
        return new String(metrics, StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(name.length())))
                .sum();
    }

    private Lora adapter(String name) {
        return Lora.of(ADAPTERS.resolve(name + ".safetensors"));
    }

    @Test
    void twoJobs_withOtherPromptsAndSeeds_haveThePicturesThatTheyHaveAlone() throws Exception {
        List<String> ids =
                submitTogether(
                        body("a red circle", 7, "uniform-4", ", \"n\": 2"),
                        body("a blue heart", 3, "uniform-4", ""));
        requireAlone(ids.get(0), request("a red circle", 7, "uniform-4").batch(2));
        requireAlone(ids.get(1), request("a blue heart", 3, "uniform-4"));
        assertThat(sharedBy(2)).isEqualTo(2);
    }

    @Test
    void threeJobs_withAdaptersOfTheirOwn_haveThePicturesThatTheyHaveAlone() throws Exception {
        List<String> ids =
                submitTogether(
                        body("a red circle", 7, "uniform-4", lora("slow", "0.5", "1-2")),
                        body("a blue heart", 8, "uniform-4", lora("fast", "\"1..0.5\"", "3-4")),
                        body("a red circle", 9, "uniform-4", ""));
        requireAlone(
                ids.get(0),
                request("a red circle", 7, "uniform-4", adapter("slow").strength(0.5f).on("1-2")));
        requireAlone(
                ids.get(1),
                request(
                        "a blue heart",
                        8,
                        "uniform-4",
                        adapter("fast").strength(Strength.parse("1..0.5")).on("3-4")));
        requireAlone(ids.get(2), request("a red circle", 9, "uniform-4"));
        assertThat(sharedBy(3)).isEqualTo(3);
    }

    @Test
    void cancelledJob_leavesTheOthersAlone() throws Exception {
        List<String> ids =
                submitTogether(
                        body("a red circle", 7, "uniform-60", ""),
                        body("a blue heart", 8, "uniform-60", ""),
                        body("a red heart", 9, "uniform-60", ""));
        while (served.get("/v1/jobs/" + ids.get(0)).json().path("step").asInt() < 2) {
            Thread.sleep(10);
        }
        served.post("/v1/jobs/" + ids.get(0) + "/cancel", "");
        JsonNode cancelled = served.finished(ids.get(0));
        assertThat(cancelled.path("state").asText()).isEqualTo("cancelled");
        assertThat(cancelled.path("step").asInt()).isLessThan(60);
        JsonNode other = served.get("/v1/jobs/" + ids.get(1)).json();
        assertThat(other.path("state").asText()).isEqualTo("running");
        requireAlone(ids.get(1), request("a blue heart", 8, "uniform-60"));
        requireAlone(ids.get(2), request("a red heart", 9, "uniform-60"));
    }

    /** One whose adapter is gone, and one whose numbers overflow in the middle. */
    @Test
    void failingJobs_leaveTheOthersAlone() throws Exception {
        Path adapters = Files.createDirectories(folder.resolve("adapters"));
        for (String name : List.of("slow", "fast", "gone")) {
            Path from = ADAPTERS.resolve(name.replace("gone", "fast") + ".safetensors");
            Files.copy(from, adapters.resolve(name + ".safetensors"));
        }
        served.stop();
        served.start(Served.options(folder, adapters, null, 64));
        String first = holdTheQueue();
        String infinite = submit(body("a red circle", 7, "uniform-4", lora("slow", "1e30", "3")));
        String gone = submit(body("a red circle", 7, "uniform-4", lora("gone", "1", "1-4")));
        String adapted = submit(body("a blue heart", 8, "uniform-4", lora("fast", "1", "1-4")));
        String plain = submit(body("a red heart", 9, "uniform-4", ""));
        Files.delete(adapters.resolve("gone.safetensors"));
        served.post("/v1/jobs/" + first + "/cancel", "");

        assertThat(failure(infinite)).contains("NaN or infinite");
        assertThat(failure(gone)).contains("gone.safetensors");
        requireAlone(adapted, request("a blue heart", 8, "uniform-4", adapter("fast").on("1-4")));
        requireAlone(plain, request("a red heart", 9, "uniform-4"));
        assertThat(sharedBy(3)).isEqualTo(3);
    }

    private String failure(String id) throws Exception {
        JsonNode job = served.finished(id);
        assertThat(job.path("state").asText()).isEqualTo("failed");
        return job.path("error").asText();
    }

    @Test
    void jobsOfOtherShapes_areDrawnAlone() throws Exception {
        List<String> ids =
                submitTogether(
                        body("a red circle", 7, "uniform-3", ""),
                        body("a red circle", 7, "uniform-4", ""),
                        body("a red circle", 7, "uniform-3", ", \"guidance\": 2"),
                        body("a red circle", 7, "uniform-3", ", \"size\": \"48x64\""));
        requireAlone(ids.get(0), request("a red circle", 7, "uniform-3"));
        requireAlone(ids.get(1), request("a red circle", 7, "uniform-4"));
        requireAlone(ids.get(2), request("a red circle", 7, "uniform-3").guidance(2));
        requireAlone(ids.get(3), request("a red circle", 7, "uniform-3").size(48, 64));
        for (int jobs = 1; jobs <= 4; jobs++) {
            assertThat(sharedBy(jobs)).isZero();
        }
    }
}

package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Request;
import glance.fixtures.TinyFlux;
import glance.io.Images;
import glance.serve.Served.Answer;
import glance.serve.job.Job;
import glance.serve.job.Jobs;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures that jobs bring, of a model that looks at one. */
class JobPicturesTest {
    private static final String SMALL = "\"size\": \"32x32\", \"plan\": \"uniform-2\", \"seed\": 3";
    private static final String LONG = "\"size\": \"32x32\", \"plan\": \"uniform-1000\"";

    private static Served served;

    @TempDir private Path folder;

    @BeforeAll
    static void load(@TempDir Path model) {
        Path first = model.resolve("served");
        served =
                new Served(
                        Served.options(first, null, 4), TinyFlux.kontext(model.resolve("model")));
        served.stop();
    }

    @AfterAll
    static void close() {
        served.close();
    }

    @BeforeEach
    void serveInAFolderOfItsOwn() {
        served.start(Served.options(folder, null, 4));
    }

    /** Before the folder goes: a job writes its last file after it is seen to be done. */
    @AfterEach
    void stop() {
        served.stop();
    }

    private static String text(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    private static String asking(String more, String... references) {
        return "{\"prompt\": \"a\", "
                + more
                + ", \"references\": [\""
                + String.join("\", \"", references)
                + "\"]}";
    }

    private JsonNode submitted(String body) throws Exception {
        Answer answer = served.post("/v1/jobs", body);
        assertThat(answer.status()).as(answer.message()).isEqualTo(202);
        return answer.json();
    }

    private JsonNode drawn(String body) throws Exception {
        JsonNode job = served.finished(submitted(body).path("id").asText());
        assertThat(job.path("state").asText()).as(job.toString()).isEqualTo("done");
        return job;
    }

    private static void forget(JsonNode job) throws Exception {
        assertThat(served.delete("/v1/jobs/" + job.path("id").asText()).status()).isEqualTo(200);
    }

    private byte[] result(JsonNode job) throws Exception {
        return served.get("/v1/jobs/" + job.path("id").asText() + "/result").response().body();
    }

    private List<Path> inputs() throws Exception {
        try (Stream<Path> files = Files.list(folder.resolve("inputs"))) {
            return files.toList();
        }
    }

    @Test
    void reference_isLookedAt_asByTheLibrary_howeverItComes() throws Exception {
        byte[] picture = Drawn.picture();
        Path file = Files.write(folder.resolve("mine.png"), picture);
        int[] want =
                Pixels.of(
                        served.model()
                                .draw(
                                        Request.of("a")
                                                .size(32, 32)
                                                .plan("uniform-2")
                                                .seed(3)
                                                .reference(file))
                                .get(0)
                                .png());
        JsonNode plain = drawn(asking(SMALL, text(picture)));
        String name = plain.at("/request/references/0").asText();
        assertThat(name).matches("[0-9a-f]{32}\\.png");
        assertThat(Pixels.of(result(plain))).isEqualTo(want);
        assertThat(
                        Pixels.of(
                                result(
                                        drawn(
                                                asking(
                                                        SMALL,
                                                        "data:image/png;base64,"
                                                                + text(picture))))))
                .isEqualTo(want);
        assertThat(Pixels.of(result(drawn(asking(SMALL, name))))).isEqualTo(want);
        Answer form =
                served.send(
                        new FormBody()
                                .field("prompt", "a")
                                .field("size", "32x32")
                                .field("plan", "uniform-2")
                                .field("seed", "3")
                                .file("references", picture)
                                .to(served.at("/v1/jobs")));
        assertThat(form.status()).as(form.message()).isEqualTo(202);
        JsonNode job = served.finished(form.json().path("id").asText());
        assertThat(Pixels.of(result(job))).isEqualTo(want);
        assertThat(inputs()).as("one file for all").hasSize(1);
        assertThat(served.get("/v1/pictures/" + name).response().body()).isEqualTo(picture);
    }

    @Test
    void pictureThatWasDrawnHere_isNamed_andStaysWhenItsJobGoes() throws Exception {
        byte[] red = Drawn.picture(64, 64, Color.RED, Color.RED);
        JsonNode first = drawn(asking(SMALL, text(red)));
        String file = first.at("/pictures/0/file").asText();
        JsonNode second = drawn(asking(SMALL, file));
        String name = second.at("/request/references/0").asText();
        forget(first);
        assertThat(inputs())
                .extracting(path -> path.getFileName().toString())
                .containsExactly(name);
        assertThat(served.get("/v1/pictures/" + file).status()).isEqualTo(404);
        forget(second);
        assertThat(inputs()).isEmpty();
    }

    @Test
    void pictureOfTwoJobs_staysUntilBothAreGone() throws Exception {
        String picture = text(Drawn.picture());
        List<JsonNode> jobs = List.of(drawn(asking(SMALL, picture)), drawn(asking(SMALL, picture)));
        forget(jobs.get(0));
        assertThat(inputs()).hasSize(1);
        forget(jobs.get(1));
        assertThat(inputs()).isEmpty();
    }

    @Test
    void restart_keepsWhatWaits_andRemovesWhatNobodyNames() throws Exception {
        submitted(asking(LONG.replace("1000", "12"), text(Drawn.picture())));
        JsonNode waits = submitted(asking(SMALL, text(Drawn.mask(32, 32))));
        served.stop();
        Files.write(folder.resolve("inputs/00000000000000000000000000000000.png"), new byte[9]);
        served.start(Served.options(folder, null, 4));
        assertThat(inputs()).hasSize(2);
        assertThat(served.finished(waits.path("id").asText()).path("state").asText())
                .isEqualTo("done");
    }

    @Test
    void jobThatIsNotRemembered_isDeletedWithItsPictures() throws Exception {
        JsonNode job = drawn(asking(SMALL, text(Drawn.picture())));
        String id = job.path("id").asText();
        served.stop();
        String kept = Files.readString(folder.resolve("jobs/" + id + ".json"));
        for (int i = 0; i < Jobs.REMEMBERED; i++) {
            String later = "20990101-000000000-" + i;
            Files.writeString(
                    folder.resolve("jobs/" + later + ".json"),
                    kept.replace("\"" + id + "\"", "\"" + later + "\"")
                            .replaceAll("\"references\":\\[[^]]*]", "\"references\":[]"));
        }
        served.start(Served.options(folder, null, 4));
        assertThat(served.server().jobs().recent()).extracting(Job::id).doesNotContain(id);
        assertThat(inputs()).hasSize(1);
        forget(job);
        assertThat(inputs()).isEmpty();
        assertThat(served.delete("/v1/jobs/" + id).status()).isEqualTo(404);
        assertThat(folder.resolve(job.at("/pictures/0/file").asText())).doesNotExist();
    }

    @Test
    void jobThatCannotBeRead_keepsItsPictures() throws Exception {
        JsonNode job = drawn(asking(SMALL, text(Drawn.picture())));
        Path file = folder.resolve("jobs/" + job.path("id").asText() + ".json");
        served.stop();
        byte[] kept = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(kept, kept.length / 2));
        served.start(Served.options(folder, null, 4));
        assertThat(inputs()).hasSize(1);
        served.stop();
        Files.write(file, kept);
        served.start(Served.options(folder, null, 4));
        assertThat(inputs()).hasSize(1);
        forget(job);
        assertThat(inputs()).isEmpty();
    }

    @Test
    void refusals_areOneLine_andLeaveNothing() throws Exception {
        byte[] picture = Drawn.picture();
        String one = text(picture);
        requireRefused(
                asking(SMALL, "http://127.0.0.1/a.png"), "reference 1: must be a picture in");
        requireRefused(asking(SMALL, "../mine.png"), "reference 1: must be a picture in");
        requireRefused(asking(SMALL, "0000.png"), "reference 1: no picture is called '0000.png'");
        requireRefused(asking(SMALL, text(new byte[] {1, 2, 3})), "reference 1: is not a picture");
        requireRefused(
                asking(SMALL, text(Arrays.copyOf(picture, picture.length / 2))),
                "reference 1: is a damaged picture");
        requireRefused(asking(SMALL, text(bomb())), "reference 1: is 60000 x 60000 pixels");
        String large = text(blank(6000, 6000));
        String half = text(blank(6000, 5999));
        requireRefused(
                asking(SMALL, large, half),
                "reference 2: is 6000 x 5999 pixels, with which the pictures of this request have"
                        + " more than 67108864 in all");
        requireRefused(asking(SMALL, one, one), "2 reference pictures: this model takes at most 1");
        String[] many = new String[17];
        Arrays.fill(many, one);
        requireRefused(asking(SMALL, many), "references: has more than 16 pictures");
        requireRefused("{\"prompt\": \"a\", \"references\": [null]}", "references: each must be");
        requireRefused("{\"prompt\": \"a\", \"strength\": 0.5}", "init: is missing");
        requireRefused(
                "{\"prompt\": \"a\", \"init\": \"" + one + "\", \"extend\": \"1,2\"}",
                "extend: must be LEFT,TOP,RIGHT,BOTTOM");
        assertThat(inputs()).isEmpty();
    }

    private void requireRefused(String body, String words) throws Exception {
        Answer answer = served.post("/v1/jobs", body);
        assertThat(answer.message()).startsWith(words).doesNotContain("\n", folder.toString());
        assertThat(answer.status()).isEqualTo(400);
    }

    /** A PNG that says to be very large. */
    private static byte[] bomb() {
        byte[] png = Drawn.picture();
        java.nio.ByteBuffer header = java.nio.ByteBuffer.wrap(png);
        header.putInt(16, 60_000).putInt(20, 60_000);
        java.util.zip.CRC32 sum = new java.util.zip.CRC32();
        sum.update(png, 12, 17);
        header.putInt(29, (int) sum.getValue());
        return png;
    }

    /** Of a few bytes, since it is all black. */
    private static byte[] blank(int width, int height) {
        return Images.png(
                new BufferedImage(width, height, BufferedImage.TYPE_BYTE_BINARY), Map.of());
    }

    @Test
    void fullQueue_isToldBeforeThePicturesAreRead() throws Exception {
        JsonNode runs = submitted(asking(LONG, text(Drawn.picture())));
        while (served.get("/v1/jobs/" + runs.path("id").asText()).json().path("step").asInt() < 1) {
            Thread.sleep(20);
        }
        for (int i = 0; i < 4; i++) {
            submitted(asking(LONG, text(Drawn.picture())));
        }
        // no form at all, which nobody has looked at
        Answer answer =
                served.send(FormBody.request(served.at("/v1/jobs"), new byte[(64 << 20) + 1]));
        assertThat(answer.status()).isEqualTo(429);
        served.server().jobs().recent().forEach(served.server().jobs()::cancel);
    }

    @Test
    void forms_thatAreDamagedOrTooLarge_areRefused() throws Exception {
        byte[] whole = new FormBody().field("prompt", "a").file("init", Drawn.picture()).bytes();
        requireForm(Arrays.copyOf(whole, whole.length - 20), 400, "the form is damaged");
        requireForm(new byte[0], 400, "the form is damaged");
        for (int i = 0; i < 8; i++) { // a client that still sends must see the answer each time
            requireForm(new byte[(64 << 20) + 1], 413, "a request has at most 67108864 bytes here");
        }
        FormBody parts = new FormBody();
        for (int i = 0; i < 101; i++) {
            parts.field("field" + i, "x");
        }
        requireForm(parts.bytes(), 400, "the form is damaged");
        requireForm(
                new FormBody().field("prompt", "a").field("prompt", "b").bytes(),
                400,
                "prompt: is in the form twice");
        requireForm(
                new FormBody().field("prompt", "a").field("plan", "{").bytes(),
                400,
                "plan: is not JSON");
        requireForm(
                new FormBody().namelessFile("prompt", Drawn.picture()).bytes(),
                400,
                "prompt: is no text in UTF-8");
        assertThat(inputs()).isEmpty();
    }

    private void requireForm(byte[] body, int status, String words) throws Exception {
        Answer answer = served.send(FormBody.request(served.at("/v1/jobs"), body));
        assertThat(answer.message()).startsWith(words).doesNotContain("\n");
        assertThat(answer.status()).isEqualTo(status);
    }

    @Test
    void facts_sayHowManyPictures() throws Exception {
        assertThat(served.get("/v1/facts").json().path("references").asInt()).isEqualTo(1);
    }
}

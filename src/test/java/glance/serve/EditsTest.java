package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Init;
import glance.api.Request;
import glance.io.Images;
import glance.serve.Served.Answer;
import glance.serve.Served.Event;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Edits of a model that starts from a picture: the built-in one, with its experts. */
class EditsTest {
    private static final String EDITS = "/v1/images/edits";

    @TempDir private static Path folder;
    private static Served served;

    @BeforeAll
    static void serve() {
        served = new Served(folder.resolve("served"));
    }

    @AfterAll
    static void close() {
        served.close();
    }

    private static FormBody form() {
        return new FormBody()
                .field("prompt", "a blue heart")
                .field("seed", "7")
                .field("plan", "glance-8")
                .field("model", "gpt-image-1");
    }

    private static Request request() {
        return Request.of("a blue heart").seed(7).plan("glance-8");
    }

    private static Path file(String name, byte[] content) throws Exception {
        return Files.write(folder.resolve(name), content);
    }

    private static int[] library(Request request) throws Exception {
        return Pixels.of(served.model().draw(request).get(0).png());
    }

    private static int[] pixels(Answer answer) throws Exception {
        assertThat(answer.status()).as(answer.message()).isEqualTo(200);
        String text = answer.json().at("/data/0/b64_json").asText();
        return Pixels.of(Base64.getDecoder().decode(text));
    }

    @Test
    void picture_isStartedFrom_asByTheLibrary_withTheExpertsOfItsPlan() throws Exception {
        byte[] picture = Drawn.picture();
        int[] want = library(request().init(Init.of(file("init.png", picture)).strength(0.8f)));
        assertThat(want).isNotEqualTo(library(request()));
        FormBody one = form().field("strength", "0.8").file("image", picture);
        assertThat(pixels(served.send(one.to(served.at(EDITS))))).isEqualTo(want);
        FormBody nameless = form().field("strength", "0.8").namelessFile("image", picture);
        assertThat(pixels(served.send(nameless.to(served.at(EDITS))))).isEqualTo(want);
        FormBody bracketed = form().field("strength", "0.8").file("image[]", picture);
        assertThat(pixels(served.send(bracketed.to(served.at(EDITS))))).isEqualTo(want);
    }

    @Test
    void mask_paintsWhereItIsTransparent_andTheRestStays() throws Exception {
        byte[] picture = Drawn.picture(64, 64, Color.RED, Color.GREEN);
        Init init =
                Init.of(file("masked.png", picture))
                        .strength(0.9f)
                        .mask(file("white.png", Drawn.mask(64, 64)));
        int[] want = library(request().init(init));
        FormBody form =
                form().field("strength", "0.9")
                        .file("image", picture)
                        .file("mask", Drawn.transparentMask(64, 64));
        int[] got = pixels(served.send(form.to(served.at(EDITS))));
        assertThat(got).isEqualTo(want);
        assertThat(got[5 * 64 + 5] & 0xffffff).isEqualTo(0xff0000);
        assertThat(got).isNotEqualTo(Pixels.of(picture));
        FormBody plain = form().field("strength", "0.9").field("paste", "false");
        plain.file("image", picture).file("mask", Drawn.transparentMask(64, 64));
        assertThat(pixels(served.send(plain.to(served.at(EDITS)))))
                .isEqualTo(library(request().init(init.paste(false))));
    }

    @Test
    void maskWithoutStrength_replacesWhatItShows() throws Exception {
        byte[] picture = Drawn.picture(64, 64, Color.RED, Color.GREEN);
        Init init =
                Init.of(file("replaced.png", picture))
                        .strength(1)
                        .mask(file("replaced-mask.png", Drawn.mask(64, 64)));
        FormBody form = form().file("image", picture).file("mask", Drawn.transparentMask(64, 64));
        assertThat(pixels(served.send(form.to(served.at(EDITS)))))
                .isEqualTo(library(request().init(init)));
    }

    @Test
    void pictureThatIsTransparentSomewhere_isItsOwnMask() throws Exception {
        byte[] picture = Drawn.transparentMask(64, 64);
        Init init =
                Init.of(file("own.png", picture))
                        .strength(1)
                        .mask(file("own-mask.png", Drawn.mask(64, 64)));
        FormBody form = form().file("image", picture);
        assertThat(pixels(served.send(form.to(served.at(EDITS)))))
                .isEqualTo(library(request().init(init)));
    }

    @Test
    void json_hasPicturesAsUrls() throws Exception {
        byte[] picture = Drawn.picture();
        String body =
                """
                {"prompt": "a blue heart", "seed": 7, "plan": "glance-8", "strength": 0.8,
                 "images": [{"image_url": "data:image/png;base64,%s"}],
                 "mask": {"image_url": "data:image/png;base64,%s"}}\
                """
                        .formatted(text(picture), text(Drawn.transparentMask(64, 64)));
        Init init =
                Init.of(file("json.png", picture))
                        .strength(0.8f)
                        .mask(file("json-mask.png", Drawn.mask(64, 64)));
        assertThat(pixels(served.post(EDITS, body))).isEqualTo(library(request().init(init)));
    }

    private static String text(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    @Test
    void settingsOfAnEdit_bringItsPicturesBack_whileTheyAreHere() throws Exception {
        String body =
                """
                {"prompt": "a", "seed": 5, "plan": "glance-8", "strength": 0.7, "paste": false,
                 "extend": "0,0,16,0", "init": "%s", "mask": "%s"}\
                """
                        .formatted(
                                text(Drawn.picture(48, 64, Color.RED, Color.BLUE)),
                                text(Drawn.mask(48, 64)));
        JsonNode job = job(body);
        byte[] png = served.get("/v1/jobs/" + id(job) + "/result").response().body();
        Path made = file("settings.png", png);
        Map<String, String> recorded = Images.readText(made);
        String name = job.at("/request/init").asText();
        assertThat(recorded.get("init")).isEqualTo(name.replace(".png", "") + " " + name);
        assertThat(recorded.get("mask")).doesNotContain("/");
        assertThat(recorded.values())
                .as("nothing of where the server keeps files")
                .noneMatch(text -> text.contains(folder.toString()));
        JsonNode settings = served.post("/v1/settings", png).json();
        assertThat(settings.path("left")).isEmpty();
        assertThat(settings.at("/request/init")).isEqualTo(job.at("/request/init"));
        JsonNode again = job(settings.path("request").toString());
        assertThat(served.get("/v1/jobs/" + id(again) + "/result").response().body())
                .isEqualTo(png);
        served.delete("/v1/jobs/" + id(job));
        served.delete("/v1/jobs/" + id(again));
        JsonNode gone = served.post("/v1/settings", png).json();
        assertThat(gone.path("left").get(0).asText()).startsWith("init (");
        assertThat(gone.path("request").has("init")).isFalse();
    }

    private static JsonNode job(String body) throws Exception {
        Answer answer = served.post("/v1/jobs", body);
        assertThat(answer.status()).as(answer.message()).isEqualTo(202);
        JsonNode job = served.finished(id(answer.json()));
        assertThat(job.path("state").asText()).as(job.toString()).isEqualTo("done");
        return job;
    }

    private static String id(JsonNode job) {
        return job.path("id").asText();
    }

    @Test
    void stream_tellsOfAnEdit() throws Exception {
        FormBody form =
                form().field("stream", "true")
                        .field("partial_images", "1")
                        .file("image", Drawn.picture());
        List<Event> events = served.events(form.to(served.at(EDITS)));
        assertThat(events)
                .extracting(Event::name)
                .containsExactly("image_edit.partial_image", "image_edit.completed");
        assertThat(events.get(1).data().path("type").asText()).isEqualTo("image_edit.completed");
        byte[] png = Base64.getDecoder().decode(events.get(1).data().path("b64_json").asText());
        Init init = Init.of(file("stream.png", Drawn.picture()));
        assertThat(Pixels.of(png)).isEqualTo(library(request().init(init)));
    }

    @Test
    void refusals_areThoseOfOpenAi() throws Exception {
        byte[] picture = Drawn.picture();
        requireRefused(form(), "image: is missing; send the picture to edit");
        requireRefused(
                form().file("image[]", picture).file("image[]", picture),
                "image: this model starts from one picture, got 2");
        requireRefused(
                form().file("image", Arrays.copyOf(picture, 40)), "image: is a damaged picture");
        requireRefused(form().file("image", new byte[40]), "image: is not a picture");
        requireRefused(
                form().file("image", picture).file("mask", Drawn.mask(64, 64)),
                "mask: is transparent nowhere");
        BufferedImage opaque = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
        opaque.createGraphics().fillRect(0, 0, 64, 64);
        requireRefused(
                form().file("image", picture).file("mask", Images.png(opaque, Map.of())),
                "mask: is transparent nowhere");
        requireRefused(
                form().file("image", picture).file("mask", Drawn.transparentMask(32, 64)),
                "mask has 32x64 pixels: it must have the 64x64 of image");
        requireRefused(form().file("image", picture).field("strength", "2"), "strength");
        Answer ids =
                served.post(EDITS, "{\"prompt\": \"a\", \"images\": [{\"file_id\": \"file-1\"}]}");
        assertThat(ids.message()).startsWith("image: must be a file of a form");
    }

    private static void requireRefused(FormBody form, String words) throws Exception {
        Answer answer = served.send(form.to(served.at(EDITS)));
        assertThat(answer.message()).startsWith(words).doesNotContain("\n", folder.toString());
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().at("/error/type").asText()).isEqualTo("invalid_request_error");
    }
}

package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Init;
import glance.api.Request;
import glance.fixtures.TinyFlux;
import glance.serve.Served.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Edits of a model that looks at a picture. */
class ReferenceEditsTest {
    @TempDir private static Path folder;
    private static Served served;

    @BeforeAll
    static void serve() {
        served =
                new Served(
                        Served.options(folder.resolve("served"), null, 4),
                        TinyFlux.kontext(folder.resolve("kontext")));
    }

    @AfterAll
    static void close() {
        served.close();
    }

    private static FormBody form() {
        return new FormBody()
                .field("prompt", "a")
                .field("seed", "3")
                .field("size", "32x32")
                .field("plan", "uniform-2");
    }

    private static Request request() {
        return Request.of("a").seed(3).size(32, 32).plan("uniform-2");
    }

    private static void requireSame(FormBody form, Request request) throws Exception {
        Answer answer = served.send(form.to(served.at("/v1/images/edits")));
        assertThat(answer.status()).as(answer.message()).isEqualTo(200);
        String text = answer.json().at("/data/0/b64_json").asText();
        assertThat(Pixels.of(Base64.getDecoder().decode(text)))
                .isEqualTo(Pixels.of(served.model().draw(request).get(0).png()));
    }

    @Test
    void picture_isLookedAt() throws Exception {
        Path picture = Files.write(folder.resolve("reference.png"), Drawn.picture());
        requireSame(form().file("image", Drawn.picture()), request().reference(picture));
    }

    @Test
    void refusal_namesTheFieldOfTheClient() throws Exception {
        FormBody damaged = form().file("image", Arrays.copyOf(Drawn.picture(), 60));
        Answer answer = served.send(damaged.to(served.at("/v1/images/edits")));
        assertThat(answer.message()).startsWith("image: is a damaged picture");
        assertThat(answer.json().at("/error/param").asText()).isEqualTo("image");
    }

    @Test
    void mask_makesItAlsoWhatIsStartedFrom() throws Exception {
        Path picture = Files.write(folder.resolve("both.png"), Drawn.picture());
        Path mask = Files.write(folder.resolve("mask.png"), Drawn.mask(64, 64));
        requireSame(
                form().file("image", Drawn.picture()).file("mask", Drawn.transparentMask(64, 64)),
                request().reference(picture).init(Init.of(picture).mask(mask).strength(1)));
    }
}

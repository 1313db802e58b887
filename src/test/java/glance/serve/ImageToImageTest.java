package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.api.Init;
import glance.api.Request;
import glance.io.Json;
import glance.serve.Served.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageToImageTest {
    private static final String IMG2IMG = "/sdapi/v1/img2img";

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

    private static String text(byte[] file) {
        return Base64.getEncoder().encodeToString(file);
    }

    private static Answer post(String more) throws Exception {
        return served.post(
                IMG2IMG,
                "{\"prompt\": \"a blue heart\", \"seed\": 7, \"steps\": 8, \"init_images\": [\""
                        + text(Drawn.picture())
                        + "\"]"
                        + more
                        + "}");
    }

    private static int[] pixels(Answer answer) throws Exception {
        assertThat(answer.status()).as(String.valueOf(answer.json())).isEqualTo(200);
        String file = answer.json().path("images").get(0).asText();
        return Pixels.of(Base64.getDecoder().decode(file));
    }

    private static Init init(String name) throws Exception {
        return Init.of(Files.write(folder.resolve(name), Drawn.picture()));
    }

    private static int[] library(Init init) throws Exception {
        Request request = Request.of("a blue heart").seed(7).plan("uniform-8").init(init);
        return Pixels.of(served.model().draw(request).get(0).png());
    }

    @Test
    void picture_isStartedFrom() throws Exception {
        Init init = init("a.png");
        assertThat(pixels(post(""))).isEqualTo(library(init.strength(0.75f)));
        Answer weak = post(", \"denoising_strength\": 0.4, \"width\": 64, \"height\": 64");
        assertThat(pixels(weak)).isEqualTo(library(init.strength(0.4f)));
        assertThat(weak.json().path("parameters").has("init_images")).isFalse();
        Answer scaled = post(", \"width\": 64, \"height\": 32, \"resize_mode\": 0");
        assertThat(pixels(scaled)).hasSize(64 * 32);
        assertThat(scaled.json().path("info").asText()).contains("is cropped");
    }

    @Test
    void mask_isWhiteOrOpaque_andMayBeInverted_andWhatIsIgnoredIsSaid() throws Exception {
        Path white = Files.write(folder.resolve("white.png"), Drawn.mask(64, 64));
        int[] want = library(init("b.png").strength(0.9f).mask(white));
        String strength = ", \"denoising_strength\": 0.9";
        String mask = ", \"mask\": \"" + text(Drawn.mask(64, 64)) + "\"";
        Answer answer = post(strength + mask + ", \"mask_blur\": 4, \"inpaint_full_res\": true");
        assertThat(pixels(answer)).isEqualTo(want);
        JsonNode info = Json.MAPPER.readTree(answer.json().path("info").asText());
        assertThat(info.path("ignored")).hasSize(2);
        String inverted =
                ", \"mask\": \""
                        + text(Drawn.transparentMask(64, 64))
                        + "\", \"inpainting_mask_invert\": 1, \"inpainting_fill\": 1";
        assertThat(pixels(post(strength + inverted))).isEqualTo(want);
    }

    @Test
    void refusals_nameTheValue() throws Exception {
        requireRefused(post(", \"resize_mode\": 2"), "resize_mode: must be 0 or 1 here");
        requireRefused(post(", \"mask\": \"AAAA\""), "mask: is not a picture");
        requireRefused(post(", \"denoising_strength\": 0"), "denoising_strength: 0 would give");
        requireRefused(post(", \"denoising_strength\": 2"), "denoising_strength");
        requireRefused(
                served.post(IMG2IMG, "{\"prompt\": \"a\", \"init_images\": [\"AAAA\"]}"),
                "init_images: is not a picture");
        requireRefused(
                served.post(IMG2IMG, "{\"prompt\": \"a\"}"),
                "init_images: must be a list with one");
    }

    private static void requireRefused(Answer answer, String words) {
        assertThat(answer.json().path("detail").asText()).startsWith(words).doesNotContain("\n");
        assertThat(answer.status()).isEqualTo(400);
    }
}

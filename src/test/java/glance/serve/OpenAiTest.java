package glance.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import glance.Picture;
import glance.api.Request;
import glance.serve.Served.Answer;
import glance.serve.Served.Event;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiTest {
    private static final String GENERATIONS = "/v1/images/generations";
    private static Served served;

    @BeforeAll
    static void serve(@TempDir Path folder) {
        served = new Served(folder);
    }

    @AfterAll
    static void close() {
        served.close();
    }

    @Test
    void generation_isThePictureOfTheLibrary_toTheByte() throws Exception {
        Picture want =
                served.model().draw(Request.of("a red circle").seed(7).plan("uniform-3")).get(0);
        Answer answer =
                served.post(
                        GENERATIONS,
                        "{\"prompt\": \"a red circle\", \"seed\": 7, \"num_inference_steps\": 3,"
                                + " \"model\": \"dall-e-3\", \"quality\": \"hd\", \"user\": \"me\"}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("created").asLong()).isPositive();
        assertThat(answer.json().path("size").asText()).isEqualTo("64x64");
        assertThat(png(answer.json().path("data").get(0))).isEqualTo(want.png());
    }

    @Test
    void generation_ofSeveral_countsSeedsUp_andTellsThem() throws Exception {
        Answer answer =
                served.post(
                        GENERATIONS, "{\"prompt\": \"a\", \"n\": 2, \"seed\": 41, \"plan\": 1}");
        assertThat(answer.json().path("data")).hasSize(2);
        assertThat(answer.json().path("data").get(1).path("seed").asLong()).isEqualTo(42);
    }

    @Test
    void generation_asUrl_hasBothForms_andTheUrlAnswers() throws Exception {
        Answer answer =
                served.post(
                        GENERATIONS,
                        "{\"prompt\": \"a\", \"response_format\": \"url\", \"plan\":"
                                + " \"uniform-1\"}");
        JsonNode picture = answer.json().path("data").get(0);
        Answer fetched =
                served.send(
                        HttpRequest.newBuilder(java.net.URI.create(picture.path("url").asText())));
        assertThat(fetched.response().body()).isEqualTo(png(picture));
        assertThat(fetched.response().headers().firstValue("Content-Type")).contains("image/png");
    }

    @Test
    void generation_asJpeg_isOne() throws Exception {
        Answer answer =
                served.post(
                        GENERATIONS,
                        "{\"prompt\": \"a\", \"output_format\": \"jpeg\", \"plan\": 1}");
        byte[] jpeg = png(answer.json().path("data").get(0));
        assertThat(jpeg).startsWith(0xff, 0xd8, 0xff);
    }

    @Test
    void stream_sendsRealPartialPictures_theFirstWithinTwoSteps_thenThePicture() throws Exception {
        List<Event> events =
                served.events(
                        HttpRequest.newBuilder(served.at(GENERATIONS))
                                .POST(
                                        BodyPublishers.ofString(
                                                "{\"prompt\": \"a red circle\", \"seed\": 7,"
                                                        + " \"plan\": \"uniform-8\","
                                                        + " \"stream\": true,"
                                                        + " \"partial_images\": 3}")));
        assertThat(events)
                .extracting(Event::name)
                .containsExactly(
                        "image_generation.partial_image",
                        "image_generation.partial_image",
                        "image_generation.partial_image",
                        "image_generation.completed");
        assertThat(events.get(2).data().path("partial_image_index").asInt()).isEqualTo(2);
        for (String field :
                List.of(
                        "type",
                        "b64_json",
                        "background",
                        "created_at",
                        "output_format",
                        "quality",
                        "size")) {
            assertThat(events).allMatch(event -> event.data().has(field), field);
        }
        byte[] want =
                served.model()
                        .draw(Request.of("a red circle").seed(7).plan("uniform-8"))
                        .get(0)
                        .png();
        assertThat(png(events.get(3).data())).isEqualTo(want);
        // each looks more like the picture than the one before
        double last = Double.MAX_VALUE;
        for (Event event : events) {
            double difference = difference(png(event.data()), want);
            assertThat(difference).isLessThan(last);
            last = difference;
        }
        assertThat(last).isZero();
    }

    private static double difference(byte[] a, byte[] b) throws Exception {
        BufferedImage x = ImageIO.read(new ByteArrayInputStream(a));
        BufferedImage y = ImageIO.read(new ByteArrayInputStream(b));
        double sum = 0;
        for (int i = 0; i < 64 * 64; i++) {
            for (int shift = 0; shift < 24; shift += 8) {
                sum +=
                        Math.abs(
                                (x.getRGB(i % 64, i / 64) >> shift & 255)
                                        - (y.getRGB(i % 64, i / 64) >> shift & 255));
            }
        }
        return sum;
    }

    @Test
    void models_isTheOneThatIsServed() throws Exception {
        JsonNode list = served.get("/v1/models").json();
        assertThat(list.path("data").get(0).path("id").asText()).isEqualTo("glance-tiny");
        assertThat(served.get("/v1/models/gpt-image-1").json().path("object").asText())
                .isEqualTo("model");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|prompt: is missing or empty; say what to draw",
                "{\"prompt\": \" \"}|prompt: is missing or empty; say what to draw",
                "{\"prompt\": \"a\", \"n\": 11}|n: must be a whole number from 1 to 10",
                "{\"prompt\": \"a\", \"size\": \"big\"}|size 'big': expected WIDTHxHEIGHT in"
                        + " pixels, such as 1024x768",
                "{\"prompt\": \"a\", \"size\": \"65x64\"}|size 65x64: sides must be positive"
                        + " multiples of 8",
                "{\"prompt\": \"a\", \"plan\": \"fastest\"}|plan 'fastest': expected one of",
                "{\"prompt\": \"a\", \"seed\": \"x\"}|seed: must be a whole number",
                "{\"prompt\": \"a\", \"true_cfg_scale\": 0.5}|guidance must be a finite number",
                "{\"prompt\": \"a\", \"lora\": [{\"file\": \"../x\"}]}|lora: no adapter is called",
                "{\"prompt\": \"a\", \"lora\": \"x\"}|lora: must be a list",
                "{\"prompt\": \"a\", \"partial_images\": 4}|partial_images: must be a whole number",
                "{\"prompt\": \"a\", \"output_format\": \"webp\"}|output_format: must be png or"
                        + " jpeg",
                "[1]|the body must be a JSON object",
                "{\"prompt\": |the body is not JSON"
            })
    void refusals_areSaidInOneLine(String body, String words) throws Exception {
        Answer answer = served.post(GENERATIONS, body);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).startsWith(words).doesNotContain("\n");
        assertThat(answer.json().path("error").path("type").asText())
                .isEqualTo("invalid_request_error");
    }

    private static byte[] png(JsonNode entry) {
        return Base64.getDecoder().decode(entry.path("b64_json").asText());
    }
}

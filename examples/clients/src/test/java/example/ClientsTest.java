package example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.MultipartField;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.models.images.ImageEditParams;
import com.openai.models.images.ImageEditStreamEvent;
import com.openai.models.images.ImageGenStreamEvent;
import com.openai.models.images.ImageGenerateParams;
import com.openai.models.images.ImagesResponse;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.openai.OpenAiImageModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.openai.OpenAiImageOptions;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import javax.imageio.ImageIO;

/** What each client needs to be told: the address, and any key. */
class ClientsTest {
    @RegisterExtension static final Serving SERVER = new Serving();

    private static OpenAIClient openAi() {
        return OpenAIOkHttpClient.builder().baseUrl(SERVER.base()).apiKey("none").build();
    }

    private static OpenAiImageModel langChain() {
        return OpenAiImageModel.builder()
                .baseUrl(SERVER.base())
                .apiKey("none")
                .modelName("any")
                .build();
    }

    private static byte[] requirePicture(String base64) throws Exception {
        byte[] file = Base64.getDecoder().decode(base64);
        assertEquals(64, ImageIO.read(new ByteArrayInputStream(file)).getWidth());
        return file;
    }

    @Test
    void openAiJava() throws Exception {
        ImageGenerateParams params =
                ImageGenerateParams.builder()
                        .model("any")
                        .prompt("a red circle left of a blue heart")
                        .n(2)
                        .size("64x64")
                        .putAdditionalBodyProperty("seed", JsonValue.from(7))
                        .putAdditionalBodyProperty("plan", JsonValue.from("glance-8"))
                        .build();
        ImagesResponse response = openAi().images().generate(params);
        assertEquals(2, response.data().orElseThrow().size());
        requirePicture(response.data().get().get(1).b64Json().orElseThrow());
    }

    @Test
    void openAiJava_streaming() throws Exception {
        ImageGenerateParams params =
                ImageGenerateParams.builder()
                        .prompt("three blue stars")
                        .partialImages(2)
                        .putAdditionalBodyProperty("seed", JsonValue.from(7))
                        .build();
        List<Long> partial = new ArrayList<>();
        byte[] last = null;
        try (StreamResponse<ImageGenStreamEvent> events =
                openAi().images().generateStreaming(params)) {
            for (ImageGenStreamEvent event :
                    (Iterable<ImageGenStreamEvent>) events.stream()::iterator) {
                if (event.isGenerationPartialImage()) {
                    partial.add(event.asGenerationPartialImage().partialImageIndex());
                    requirePicture(event.asGenerationPartialImage().b64Json());
                } else {
                    last = requirePicture(event.asGenerationCompleted().b64Json());
                }
            }
        }
        assertEquals(List.of(0L, 1L), partial);
        ImageGenerateParams same = params.toBuilder().partialImages(0).build();
        assertArrayEquals(
                last,
                requirePicture(
                        openAi().images()
                                .generate(same)
                                .data()
                                .orElseThrow()
                                .get(0)
                                .b64Json()
                                .orElseThrow()));
    }

    @Test
    void openAiJava_hearsWhatIsWrong() {
        ImageGenerateParams params =
                ImageGenerateParams.builder().prompt("a").size("65x64").build();
        BadRequestException refusal =
                assertThrows(BadRequestException.class, () -> openAi().images().generate(params));
        assertTrue(refusal.getMessage().contains("sides must be positive multiples of 8"));
    }

    /** Red on the left, and transparent or white on the right. */
    private static byte[] halves(int type, int right) throws Exception {
        BufferedImage image = new BufferedImage(64, 64, type);
        for (int i = 0; i < 64 * 64; i++) {
            image.setRGB(i % 64, i / 64, i % 64 < 32 ? 0xffff0000 : right);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageIO.write(image, "png", file);
        return file.toByteArray();
    }

    private static MultipartField<InputStream> file(byte[] content) {
        return MultipartField.<InputStream>builder()
                .value(new ByteArrayInputStream(content))
                .filename("picture.png")
                .contentType("image/png")
                .build();
    }

    private static ImageEditParams.Builder edit() throws Exception {
        return ImageEditParams.builder()
                .image(halves(BufferedImage.TYPE_INT_RGB, 0xffffffff))
                .mask(file(halves(BufferedImage.TYPE_INT_ARGB, 0)))
                .prompt("a blue heart")
                .putAdditionalBodyProperty("seed", JsonValue.from(7))
                .putAdditionalBodyProperty("strength", JsonValue.from(0.9));
    }

    @Test
    void openAiJava_edits() throws Exception {
        ImagesResponse response = openAi().images().edit(edit().n(2).build());
        assertEquals(2, response.data().orElseThrow().size());
        byte[] picture = requirePicture(response.data().get().get(0).b64Json().orElseThrow());
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture));
        assertEquals(0xffff0000, image.getRGB(5, 32), "what the mask keeps");
        List<String> events = new ArrayList<>();
        try (StreamResponse<ImageEditStreamEvent> stream =
                openAi().images().editStreaming(edit().partialImages(1).build())) {
            for (ImageEditStreamEvent event :
                    (Iterable<ImageEditStreamEvent>) stream.stream()::iterator) {
                events.add(event.isPartialImage() ? "partial" : "completed");
                if (event.isCompleted()) {
                    assertArrayEquals(picture, requirePicture(event.asCompleted().b64Json()));
                }
            }
        }
        assertEquals(List.of("partial", "completed"), events);
    }

    @Test
    void langchain4j_edits() throws Exception {
        OpenAiImageModel model = langChain();
        requirePicture(
                model.edit(image(halves(BufferedImage.TYPE_INT_RGB, 0xffffffff)), "a heart")
                        .content()
                        .base64Data());
        requirePicture(
                model.edit(
                                image(halves(BufferedImage.TYPE_INT_RGB, 0xffffffff)),
                                image(halves(BufferedImage.TYPE_INT_ARGB, 0)),
                                "a heart")
                        .content()
                        .base64Data());
    }

    private static Image image(byte[] file) {
        return Image.builder()
                .base64Data(Base64.getEncoder().encodeToString(file))
                .mimeType("image/png")
                .build();
    }

    @Test
    void langchain4j() throws Exception {
        OpenAiImageModel model = langChain();
        Image image = model.generate("a green star").content();
        requirePicture(image.base64Data());
        assertEquals(2, model.generate("a green star", 2).content().size());
    }

    @Test
    void springAi() throws Exception {
        var options =
                OpenAiImageOptions.builder()
                        .baseUrl(SERVER.base())
                        .apiKey("none")
                        .model("any")
                        .build();
        ImageResponse response =
                new org.springframework.ai.openai.OpenAiImageModel(options)
                        .call(new ImagePrompt("a yellow square", options));
        requirePicture(response.getResult().getOutput().getB64Json());
    }
}

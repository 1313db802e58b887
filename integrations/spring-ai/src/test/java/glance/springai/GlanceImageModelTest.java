package glance.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.Glance;
import glance.Hub;
import glance.Model;
import glance.Picture;
import glance.api.Init;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImageOptions;
import org.springframework.ai.image.ImageOptionsBuilder;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.observation.ImageModelObservationContext;
import org.springframework.util.MimeTypeUtils;

/** The pictures are those of the library, to the bit, and the options arrive there. */
class GlanceImageModelTest {
    private static final String PROMPT = "a red circle left of a blue heart";

    private static Glance glance;
    private static Model model;

    @BeforeAll
    static void open() {
        glance = Glance.open("cpu");
        model = glance.builtIn();
    }

    @AfterAll
    static void close() {
        glance.close();
    }

    private static GlanceImageOptions.Builder options() {
        return GlanceImageOptions.builder();
    }

    /** With defaults of two steps and a seed. */
    private static GlanceImageModel images() {
        return GlanceImageModel.builder()
                .model(model)
                .options(options().plan("uniform-2").seed(7L).build())
                .build();
    }

    private static Request request() {
        return Request.of(PROMPT).plan("uniform-2").seed(7);
    }

    private static List<byte[]> call(ImageModel images, ImageOptions options) {
        return images.call(new ImagePrompt(PROMPT, options)).getResults().stream()
                .map(ImageGeneration::getOutput)
                .peek(image -> assertThat(image.getUrl()).isNull())
                .map(image -> Base64.getDecoder().decode(image.getB64Json()))
                .toList();
    }

    private static void requireSame(ImageOptions options, Request expected) {
        assertThat(call(images(), options))
                .usingElementComparator(Arrays::compare)
                .isEqualTo(model.draw(expected).stream().map(Picture::png).toList());
    }

    @Test
    void call_isThePictureOfTheLibrary() {
        byte[] expected = model.draw(request()).get(0).png();
        ImageGeneration picture = images().call(new ImagePrompt(PROMPT)).getResult();
        assertThat(Base64.getDecoder().decode(picture.getOutput().getB64Json()))
                .isEqualTo(expected);
        GlanceImageGenerationMetadata metadata =
                (GlanceImageGenerationMetadata) picture.getMetadata();
        assertThat(metadata.seed()).isEqualTo(7);
        assertThat(model.draw(metadata.request()).get(0).png()).isEqualTo(expected);
        assertThat(call(images(), null)).first().isEqualTo(expected);
    }

    @Test
    void optionsOfThePrompt_goBeforeThoseOfTheModel() {
        requireSame(options().seed(8L).build(), request().seed(8));
        requireSame(options().steps(3).build(), request().plan("uniform-3"));
        requireSame(options().plan(Plans.GLANCE).build(), request().plan("glance"));
        requireSame(options().n(2).build(), request().batch(2));
        requireSame(options().width(32).height(64).build(), request().size(32, 64));
        requireSame(options().guidance(2.5f).build(), request().guidance(2.5f));
        requireSame(
                options().guidance(2f).negative("a circle").build(),
                request().guidance(2).negative("a circle"));
        requireSame(options().embeddedGuidance(2f).build(), request().embeddedGuidance(2));
        requireSame(options().maxPromptTokens(8).build(), request().maxPromptTokens(8));
        String adapter = "glance-tiny/experts/slow.safetensors:0.5@1";
        requireSame(options().lora(adapter).build(), request().lora(new Hub().lora(adapter)));
        requireSame(options().loras(List.of()).build(), request().loras(List.of()));
    }

    private static Path picture(Path folder, String name, int left, int right) throws Exception {
        BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64 * 64; i++) {
            image.setRGB(i % 64, i / 64, i % 64 < 32 ? left : right);
        }
        Path file = folder.resolve(name);
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    @Test
    void init_isStartedFrom_andItsMaskCounts(@TempDir Path folder) throws Exception {
        Init init = Init.of(picture(folder, "init.png", 0xff0000, 0xffffff)).strength(0.5f);
        Init masked = init.mask(picture(folder, "mask.png", 0, 0xffffff));
        requireSame(options().init(init).build(), request().init(init));
        requireSame(options().init(masked).build(), request().init(masked));
        assertThat(call(images(), options().init(masked).build()).get(0))
                .isNotEqualTo(call(images(), options().init(init).build()).get(0))
                .isNotEqualTo(call(images(), null).get(0));
        requireRefused(options().init(init.strength(2)).build(), "strength 2.0");
    }

    @Test
    void references_reachTheModel_whichSaysThatItTakesNone(@TempDir Path folder) throws Exception {
        Path picture = picture(folder, "reference.png", 0, 0xffffff);
        requireRefused(options().reference(picture).build(), "takes no reference pictures");
    }

    @Test
    void optionsOfSpringAi_count_andTheRestStays() {
        ImageOptions plain =
                ImageOptionsBuilder.builder()
                        .model("glance-tiny")
                        .n(2)
                        .width(32)
                        .height(32)
                        .responseFormat("b64_json")
                        .style("vivid")
                        .build();
        requireSame(plain, request().batch(2).size(32, 32));
    }

    @Test
    void merge_keepsWhatIsNotSaid() {
        GlanceImageOptions all =
                options()
                        .model("a")
                        .n(2)
                        .width(32)
                        .height(48)
                        .responseFormat("b64_json")
                        .style("vivid")
                        .seed(1L)
                        .negative("b")
                        .guidance(2f)
                        .embeddedGuidance(3f)
                        .maxPromptTokens(4)
                        .plan("glance")
                        .loras(List.of())
                        .reference(Path.of("c.png"))
                        .init(Init.of(Path.of("d.png")))
                        .build();
        GlanceImageOptions nothing = options().build();
        assertThat(options().from(all).merge(nothing).build())
                .isEqualTo(all)
                .hasSameHashCodeAs(all);
        assertThat(options().merge(all).build()).isEqualTo(all).isNotEqualTo(nothing);
        assertThat(options().from(all).from(nothing).build()).isEqualTo(nothing);
        assertThat(options().from(all).merge(options().width(64).build()).build())
                .isEqualTo(options().from(all).width(64).build());
    }

    @Test
    void call_fromManyThreads_isTheSame() {
        GlanceImageModel shared = images();
        List<CompletableFuture<String>> all =
                IntStream.range(0, 8)
                        .mapToObj(
                                i ->
                                        CompletableFuture.supplyAsync(
                                                () ->
                                                        shared.call(new ImagePrompt(PROMPT))
                                                                .getResult()
                                                                .getOutput()
                                                                .getB64Json()))
                        .toList();
        assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    }

    private static void requireRefused(ImagePrompt prompt, String... parts) {
        assertThatThrownBy(() -> images().call(prompt))
                .isInstanceOf(RequestException.class)
                .hasMessageContainingAll(parts)
                .hasMessageNotContaining("\n");
    }

    private static void requireRefused(ImageOptions options, String... parts) {
        requireRefused(new ImagePrompt(PROMPT, options), parts);
    }

    @Test
    void badValues_areRefusedInOneLine() {
        requireRefused(options().n(0).build(), "0");
        requireRefused(options().width(64).build(), "size: has a width alone; give both");
        requireRefused(options().height(64).build(), "size: has a height alone; give both");
        requireRefused(options().width(65).height(64).build(), "65");
        requireRefused(options().model("dall-e-3").build(), "'dall-e-3'", "'glance-tiny'");
        requireRefused(options().responseFormat("url").build(), "'url'", "b64_json");
        requireRefused(new ImagePrompt(" "), "prompt");
        requireRefused(new ImagePrompt(List.of()), "0 messages");
        ImageMessage message = new ImageMessage("a");
        requireRefused(new ImagePrompt(List.of(message, message)), "2 messages");
        requireRefused(
                new ImagePrompt(List.of(new ImageMessage("a", -1f))), "weight -1.0", "negative");
        Media media = new Media(MimeTypeUtils.IMAGE_PNG, java.net.URI.create("file:a.png"));
        requireRefused(
                new ImagePrompt(List.of(new ImageMessage("a", null, List.of(media), Map.of()))),
                "media",
                "init or references");
        assertThatThrownBy(() -> options().plan("fast"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("plan 'fast': expected one of");
        assertThatThrownBy(() -> options().lora("none.safetensors"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> GlanceImageModel.builder().build())
                .hasMessage("model: give one to the builder");
    }

    @Test
    void observations_areThoseOfAnImageModel() {
        List<ImageModelObservationContext> heard = new ArrayList<>();
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig()
                .observationHandler(
                        new ObservationHandler<ImageModelObservationContext>() {
                            @Override
                            public boolean supportsContext(Observation.Context context) {
                                return context instanceof ImageModelObservationContext;
                            }

                            @Override
                            public void onStop(ImageModelObservationContext context) {
                                heard.add(context);
                            }
                        });
        GlanceImageModel.builder()
                .model(model)
                .options(images().getOptions())
                .observationRegistry(registry)
                .build()
                .call(new ImagePrompt(PROMPT));
        assertThat(heard).hasSize(1);
        assertThat(heard.get(0).getName()).isEqualTo("gen_ai.client.operation");
        assertThat(heard.get(0).getContextualName()).isEqualTo("image glance-tiny");
        assertThat(heard.get(0).getResponse().getResults()).hasSize(1);
    }
}

package glance.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import glance.Glance;
import glance.Model;
import glance.Picture;
import glance.api.DeviceOptions;
import glance.api.FormatException;
import glance.api.Init;
import glance.api.Request;
import glance.api.RequestException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pictures are those of the library, to the bit, and the options arrive there. */
class GlanceImageModelTest {
    private static final String PROMPT = "a red circle left of a blue heart";

    private static Glance glance;
    private static Model model;

    @TempDir private Path folder;

    @BeforeAll
    static void open() {
        glance = Glance.open("cpu");
        model = glance.builtIn();
    }

    @AfterAll
    static void close() {
        glance.close();
    }

    /** Over the open model, in few steps. */
    private static GlanceImageModel.Builder small() {
        return GlanceImageModel.builder().model(model).plan("uniform-2").seed(7);
    }

    private static Request request() {
        return Request.of(PROMPT).plan("uniform-2").seed(7);
    }

    private static byte[] bytes(Image image) {
        assertThat(image.mimeType()).isEqualTo("image/png");
        assertThat(image.url()).isNull();
        assertThat(image.revisedPrompt()).isNull();
        return Base64.getDecoder().decode(image.base64Data());
    }

    private static void requireSame(ImageModel images, Request expected) {
        assertThat(bytes(images.generate(PROMPT).content()))
                .isEqualTo(model.draw(expected).get(0).png());
    }

    @Test
    void generate_isThePictureOfTheLibrary() {
        Response<Image> response = small().build().generate(PROMPT);
        assertThat(bytes(response.content())).isEqualTo(model.draw(request()).get(0).png());
        assertThat(response.metadata()).containsEntry(GlanceImageModel.SEED, 7L);
    }

    @Test
    void generate_ofSeveral_countsUpFromTheSeed() {
        Response<List<Image>> response = small().build().generate(PROMPT, 3);
        assertThat(response.content().stream().map(GlanceImageModelTest::bytes).toList())
                .usingElementComparator((a, b) -> java.util.Arrays.compare(a, b))
                .isEqualTo(model.draw(request().batch(3)).stream().map(Picture::png).toList());
        assertThat(response.metadata()).containsEntry(GlanceImageModel.SEED, 7L);
        assertThat(bytes(response.content().get(2)))
                .as("alone as in a batch")
                .isEqualTo(model.draw(request().seed(9)).get(0).png());
    }

    @Test
    void generate_withoutSeed_tellsTheSeedThatItDrew() {
        GlanceImageModel random = GlanceImageModel.builder().model(model).plan("uniform-2").build();
        Response<Image> response = random.generate(PROMPT);
        long seed = (long) response.metadata().get(GlanceImageModel.SEED);
        assertThat(bytes(response.content()))
                .isEqualTo(model.draw(request().seed(seed)).get(0).png());
        assertThat(random.generate(PROMPT).content()).isNotEqualTo(response.content());
    }

    @Test
    void options_arrive() {
        requireSame(small().size("32x64").build(), request().size(32, 64));
        requireSame(small().size(64, 32).build(), request().size(64, 32));
        requireSame(small().guidance(2.5f).build(), request().guidance(2.5f));
        requireSame(
                small().guidance(2).negative("a circle").build(),
                request().guidance(2).negative("a circle"));
        requireSame(small().embeddedGuidance(2).build(), request().embeddedGuidance(2));
        requireSame(small().maxPromptTokens(8).build(), request().maxPromptTokens(8));
        requireSame(small().loras(List.of()).build(), request().loras(List.of()));
        String adapter = "glance-tiny/experts/slow.safetensors:0.5@1";
        requireSame(small().lora(adapter).build(), request().lora(new glance.Hub().lora(adapter)));
        assertThat(small().lora(adapter).build().generate(PROMPT).content())
                .isNotEqualTo(small().build().generate(PROMPT).content());
    }

    @Test
    void listener_hears() {
        List<Integer> steps = new ArrayList<>();
        small().listener(progress -> steps.add(progress.done())).build().generate(PROMPT);
        assertThat(steps).containsExactly(1, 2);
    }

    @Test
    void generate_fromManyThreads_isTheSame() {
        GlanceImageModel shared = small().build();
        List<CompletableFuture<Image>> all =
                IntStream.range(0, 8)
                        .mapToObj(
                                i ->
                                        CompletableFuture.supplyAsync(
                                                () -> shared.generate(PROMPT).content()))
                        .toList();
        assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    }

    @Test
    void close_leavesTheModelThatWasGiven_andFreesTheOneThatItLoaded() {
        small().build().close();
        assertThat(model.draw(request())).hasSize(1);

        GlanceImageModel own =
                GlanceImageModel.builder()
                        .modelName("glance-tiny")
                        .device("cpu")
                        .deviceOptions(new DeviceOptions(1, null))
                        .plan("uniform-2")
                        .seed(7)
                        .build();
        requireSame(own, request());
        own.close();
        own.close();
        assertThatThrownBy(() -> own.generate(PROMPT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    private static byte[] halves(int type, int left, int right) throws Exception {
        BufferedImage image = new BufferedImage(64, 64, type);
        for (int i = 0; i < 64 * 64; i++) {
            image.setRGB(i % 64, i / 64, i % 64 < 32 ? left : right);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    private static Image image(byte[] file) {
        return Image.builder().base64Data(Base64.getEncoder().encodeToString(file)).build();
    }

    private static int[] pixels(byte[] png) throws Exception {
        return ImageIO.read(new ByteArrayInputStream(png)).getRGB(0, 0, 64, 64, null, 0, 64);
    }

    private void requireEdited(Image edited, Init expected) throws Exception {
        assertThat(pixels(bytes(edited)))
                .isEqualTo(pixels(model.draw(request().init(expected)).get(0).png()));
    }

    @Test
    void edit_startsFromTheImage_howeverItComes() throws Exception {
        byte[] file = halves(BufferedImage.TYPE_INT_RGB, 0xff0000, 0xffffff);
        Path path = Files.write(folder.resolve("image.png"), file);
        ImageModel images = small().build();
        requireEdited(images.edit(image(file), PROMPT).content(), Init.of(path));
        Image local = Image.builder().url(path.toUri()).build();
        requireEdited(images.edit(local, PROMPT).content(), Init.of(path));
        Image data =
                Image.builder()
                        .url("data:image/png;base64," + Base64.getEncoder().encodeToString(file))
                        .build();
        requireEdited(images.edit(data, PROMPT).content(), Init.of(path));
        Response<Image> weak = small().strength(0.5f).build().edit(image(file), PROMPT);
        requireEdited(weak.content(), Init.of(path).strength(0.5f));
        assertThat(weak.metadata()).containsEntry(GlanceImageModel.SEED, 7L);
        assertThat(pixels(bytes(weak.content())))
                .isNotEqualTo(pixels(bytes(images.edit(image(file), PROMPT).content())));
    }

    @Test
    void edit_underAMask_paintsWhatIsTransparent_orElseWhite() throws Exception {
        byte[] file = halves(BufferedImage.TYPE_INT_RGB, 0xff0000, 0xffffff);
        byte[] white = halves(BufferedImage.TYPE_INT_RGB, 0, 0xffffff);
        Init expected =
                Init.of(Files.write(folder.resolve("image.png"), file))
                        .mask(Files.write(folder.resolve("mask.png"), white));
        ImageModel images = small().build();
        Image edited = images.edit(image(file), image(white), PROMPT).content();
        requireEdited(edited, expected);
        assertThat(pixels(bytes(edited))[5] & 0xffffff).as("kept").isEqualTo(0xff0000);
        byte[] transparent = halves(BufferedImage.TYPE_INT_ARGB, 0xffffffff, 0);
        requireEdited(images.edit(image(file), image(transparent), PROMPT).content(), expected);
    }

    @Test
    void edit_refusesInOneLine_whatIsNoPicture() throws Exception {
        byte[] file = halves(BufferedImage.TYPE_INT_RGB, 0xff0000, 0xffffff);
        Image remote = Image.builder().url("http://127.0.0.1/a.png").build();
        ImageModel images = small().build();
        requireRefused(
                () -> images.edit(remote, PROMPT),
                "image http://127.0.0.1/a.png: must have base64Data, or a file: or data: URL");
        requireRefused(() -> images.edit(null, PROMPT), "image: is missing");
        requireRefused(
                () -> images.edit(image(new byte[] {1, 2, 3}), PROMPT),
                "image: is not a picture in a known format");
        byte[] black = halves(BufferedImage.TYPE_INT_RGB, 0, 0);
        requireRefused(
                () -> images.edit(image(file), image(black), PROMPT), "mask is black everywhere");
        requireRefused(
                () -> images.edit(image(file), image(Arrays.copyOf(black, 50)), PROMPT),
                "mask: is a damaged picture");
    }

    private static void requireRefused(ThrowingCallable work, String words) {
        assertThatThrownBy(work)
                .isInstanceOf(RequestException.class)
                .hasMessageStartingWith(words)
                .hasMessageNotContaining("\n");
    }

    @Test
    void badValues_areRefusedInOneLine() {
        assertThatThrownBy(() -> small().build().generate(" "))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("prompt");
        assertThatThrownBy(() -> small().build().generate(PROMPT, 0))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("0");
        assertThatThrownBy(() -> small().size("64 by 64"))
                .isInstanceOf(RequestException.class)
                .hasMessage("size '64 by 64': expected WIDTHxHEIGHT in pixels, such as 1024x768");
        assertThatThrownBy(() -> small().size(65, 64).build().generate(PROMPT))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("65");
        assertThatThrownBy(() -> small().plan("fast"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("plan 'fast': expected one of");
        assertThatThrownBy(() -> small().lora(folder.resolve("none.safetensors").toString()))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> small().modelName("glance-tiny").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model: is open already");
        assertThatThrownBy(() -> GlanceImageModel.builder().modelName(folder.toString()).build())
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(folder.toString());
    }
}

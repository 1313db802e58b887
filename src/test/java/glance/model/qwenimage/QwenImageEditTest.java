package glance.model.qwenimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Residency;
import glance.cli.Engine;
import glance.cli.common.StopRequest;
import glance.fixtures.Fixture;
import glance.fixtures.TinyFolder;
import glance.fixtures.TinyQwenImageEdit;
import glance.fixtures.WatchedPicture;
import glance.io.HostTensor;
import glance.io.Images;
import glance.io.ModelFolder;
import glance.io.PartSource;
import glance.io.SafetensorsWriter;
import glance.model.Family;
import glance.model.ReferenceRules;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QwenImageEditTest {
    private static final Family FAMILY = new QwenImageFamily();

    @TempDir private Path folder;

    /** The names under which the transformers were published in one file. */
    @ParameterizedTest
    @CsvSource({
        "qwen_image_edit_2511_bf16.safetensors, Qwen-Image-Edit-2511, 40, 10",
        "Qwen-Image-Edit-2511-Q4_K_M.gguf, Qwen-Image-Edit-2511, 40, 10",
        "qwen_image_edit_2509_fp8_e4m3fn.safetensors, Qwen-Image-Edit-2509, 40, 10",
        "Qwen-Image-Edit-Plus-Q8_0.gguf, Qwen-Image-Edit-2509, 40, 10",
        "qwen_image_edit_bf16.safetensors, Qwen-Image-Edit, 50, 1"
    })
    void variant_ofAFile_isToldByItsName(String name, String title, int steps, int most)
            throws IOException {
        ModelFolder whole = ModelFolder.open(Fixture.tinyModel());
        Path file = folder.resolve(name);
        Files.copy(
                whole.component("transformer").resolve("diffusion_pytorch_model.safetensors"),
                file);
        ModelFolder model = whole.with("transformer", new PartSource(file, List.of(), Map.of()));
        assertThat(FAMILY.variant(model).orElseThrow().title()).isEqualTo(title);
        assertThat(FAMILY.defaults(model).plan()).isEqualTo(Plans.uniform(steps));
        assertThat(FAMILY.references(model).orElseThrow().most()).isEqualTo(most);
        // the paper's, appendix A
        assertThat(FAMILY.training(model).learningRate()).isEqualTo(2e-4f);
        assertThat(FAMILY.training(whole).learningRate()).isEqualTo(3e-4f);
        assertThat(FAMILY.variant(whole)).isEmpty();
        assertThat(FAMILY.references(whole)).isEmpty();
    }

    /** The folder's own variant is that of its own transformer. */
    @ParameterizedTest
    @CsvSource({
        "still, qwen-image-edit-2509.gguf, Qwen-Image-Edit-2509, 10, false",
        "still, qwen_image_edit_fp8.safetensors, Qwen-Image-Edit, 1, false",
        "still, QwenImageEdit-2511.safetensors, Qwen-Image-Edit-2511, 10, true",
        "still, merged.safetensors, Qwen-Image-Edit-2511, 10, true",
        "still, qwen-image-2512.safetensors, Qwen-Image-2512, 0, false",
        "plus, qwen-image-edit-2511.safetensors, Qwen-Image-Edit-2511, 10, true",
        "plus, qwen_image_editplus.safetensors, Qwen-Image-Edit-2509, 10, false",
        "plus, qwen-image-edit.safetensors, Qwen-Image-Edit, 1, false",
        "plus, merged.safetensors, Qwen-Image-Edit-2509, 10, false",
        "one, qwen-image-edit-2511.safetensors, Qwen-Image-Edit-2511, 10, true",
        "one, merged.safetensors, Qwen-Image-Edit, 1, false"
    })
    void variant_ofAFileInAnEditFolder_isThatOfTheFile(
            String base, String name, String title, int most, boolean still) {
        ModelFolder model = given(edit(base), name, Map.of());
        assertThat(FAMILY.variant(model).orElseThrow().title()).isEqualTo(title);
        assertThat(FAMILY.references(model).map(ReferenceRules::most).orElse(0)).isEqualTo(most);
        assertThat(isStill(model)).isEqualTo(still);
    }

    /** ComfyUI marks files of Qwen-Image-Edit-2511 with a tensor. */
    @ParameterizedTest
    @CsvSource({"one, merged.safetensors", "plus, qwen-image-edit-2509.safetensors"})
    void mark_inAFile_saysMoreThanNames(String base, String name) {
        ModelFolder model = given(edit(base), name, Map.of(QwenImageConfig.STILL, true));
        assertThat(FAMILY.variant(model).orElseThrow().title()).isEqualTo("Qwen-Image-Edit-2511");
        assertThat(isStill(model)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "qwen-image-limited-edition.safetensors",
        "qwen_image_edited.safetensors",
        "credits-2511.safetensors",
        "qwen-image-reedit-plus.gguf"
    })
    void wordsWithEditInThem_nameNoModelThatEdits(String name) {
        ModelFolder model = given(ModelFolder.open(Fixture.tinyModel()), name, Map.of());
        assertThat(FAMILY.variant(model)).isEmpty();
        assertThat(FAMILY.references(model)).isEmpty();
    }

    private ModelFolder edit(String kind) {
        Path path = folder.resolve(kind);
        TinyFolder tiny =
                switch (kind) {
                    case "one" -> TinyQwenImageEdit.one(path);
                    case "plus" -> TinyQwenImageEdit.plus(path);
                    default -> TinyQwenImageEdit.still(path);
                };
        return ModelFolder.open(tiny.path());
    }

    private ModelFolder given(ModelFolder base, String name, Map<String, Object> told) {
        Path weights = base.component("transformer").resolve("diffusion_pytorch_model.safetensors");
        Path file = folder.resolve(name);
        try {
            Files.copy(weights, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return base.with("transformer", new PartSource(file, List.of(), told));
    }

    /** Whether references are modulated as at noise level 0 by the network. */
    private static boolean isStill(ModelFolder model) {
        return new QwenImageFamily().config(model).stillReferences();
    }

    @Test
    void references_areAsLargeAsPublished() {
        ReferenceRules one = new QwenImageReferences(1, 1 << 20, 1 << 20, 16);
        assertThat(one.result(3000, 2000)).isEqualTo(new Request.Size(1248, 832));
        ReferenceRules several = new QwenImageReferences(10, 384 * 384, 1 << 20, 16);
        BufferedImage described =
                several.described(new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB));
        assertThat(described.getWidth()).isEqualTo(480);
        assertThat(described.getHeight()).isEqualTo(320);
    }

    /** A picture of 8192 x 128 is the longest of the published area that anybody can ask for. */
    @Test
    void veryLongReference_isRefusedByItsOwnSize() {
        ReferenceRules rules = new QwenImageReferences(10, 384 * 384, 1 << 20, 16);
        assertThat(rules.result(6400, 100)).isEqualTo(new Request.Size(8192, 128));
        for (int[] sides : new int[][] {{6500, 100}, {100, 6500}}) {
            BufferedImage picture =
                    new BufferedImage(sides[0], sides[1], BufferedImage.TYPE_INT_RGB);
            List<ThrowingCallable> uses =
                    List.of(
                            () -> rules.result(sides[0], sides[1]),
                            () -> rules.seen(picture),
                            () -> rules.described(picture));
            for (ThrowingCallable use : uses) {
                assertThatThrownBy(use)
                        .isInstanceOf(RequestException.class)
                        .hasMessage(
                                "reference picture of %dx%d pixels: this model takes pictures whose"
                                        + " longer side is at most 64 times the shorter; crop it",
                                sides[0], sides[1]);
            }
        }
    }

    @Test
    void references_areNotHeldByWhatIsKeptOfThem() {
        Path model = TinyQwenImageEdit.plus(folder.resolve("plus")).path();
        WatchedPicture reference = new WatchedPicture(folder.resolve("a.png"), 90, 60);
        Fixture.onCpu(
                ops -> {
                    ModelFolder opened = ModelFolder.open(model);
                    try (Pipeline pipeline = new Pipeline(ops, opened, Residency.RESIDENT)) {
                        draw(pipeline, opened, new ArrayList<>(), reference.file());
                        assertThat(reference.isHeld()).isFalse();
                        List<String> stages = new ArrayList<>();
                        draw(pipeline, opened, stages, reference.file());
                        assertThat(stages).doesNotContain("text encoder");
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    @Test
    void usualSize_isThatOfTheLastPicture() {
        Path model = TinyQwenImageEdit.plus(folder.resolve("plus")).path();
        Request request =
                Request.of("a blue star")
                        .reference(picture("wide.png", 200, 50, Color.RED))
                        .reference(picture("high.png", 40, 160, Color.BLUE));
        Settings settings = Settings.of(request, ModelFolder.open(model));
        assertThat(settings.size()).isEqualTo("32x128");
    }

    @Test
    void references_reachThePictureInTheirOrder() {
        Path model = TinyQwenImageEdit.still(folder.resolve("still")).path();
        Path red = picture("red.png", 90, 60, Color.RED);
        Path blue = picture("blue.png", 90, 60, Color.BLUE);
        Fixture.onCpu(
                ops -> {
                    ModelFolder opened = ModelFolder.open(model);
                    try (Pipeline pipeline = new Pipeline(ops, opened, Residency.RESIDENT)) {
                        List<String> stages = new ArrayList<>();
                        int[] first = draw(pipeline, opened, stages, red, blue);
                        assertThat(draw(pipeline, opened, stages, blue, red)).isNotEqualTo(first);
                        assertThat(draw(pipeline, opened, stages, red)).isNotEqualTo(first);
                        assertThat(draw(pipeline, opened, stages)).isNotEqualTo(first);
                        stages.clear();
                        assertThat(draw(pipeline, opened, stages, red, blue)).isEqualTo(first);
                        assertThat(stages).doesNotContain("text encoder", "reference pictures");
                    }
                });
    }

    private static int[] draw(
            Pipeline pipeline, ModelFolder model, List<String> stages, Path... references) {
        Request request =
                Request.of("a blue star")
                        .plan(Plans.uniform(1))
                        .size(32, 32)
                        .seed(1)
                        .references(List.of(references));
        RunListener listener =
                new RunListener() {
                    @Override
                    public void stage(String name) {
                        stages.add(name);
                    }
                };
        BufferedImage image = pipeline.run(Settings.of(request, model), listener).get(0).picture();
        return image.getRGB(0, 0, 32, 32, null, 0, 32);
    }

    @Test
    void wrongNumbersOfPictures_areRefusedInOneLine() {
        Path red = picture("red.png", 90, 60, Color.RED);
        Path one = TinyQwenImageEdit.one(folder.resolve("one")).path();
        assertThat(generate(2, one, red, red))
                .contains("2 reference pictures: this model takes at most 1")
                .hasLineCount(1);
        assertThat(generate(2, Fixture.tinyModel(), red))
                .contains("this model takes no reference pictures; Qwen-Image-Edit-2511 is")
                .hasLineCount(1);
    }

    @Test
    void hostilePictures_areRefusedInOneLine() throws IOException {
        Path model = TinyQwenImageEdit.plus(folder.resolve("plus")).path();
        Path whole = picture("whole.png", 90, 60, Color.RED);
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(generate(1, model, cut)).contains("cut.png").hasLineCount(1);
        byte[] large = bytes.clone();
        Arrays.fill(large, 16, 18, (byte) 0x7f); // the width in the header
        Path bomb = Files.write(folder.resolve("bomb.png"), large);
        assertThat(generate(1, model, bomb)).contains("bomb.png").hasLineCount(1);
        Path text = Files.writeString(folder.resolve("text.png"), "no picture");
        assertThat(generate(1, model, text)).contains("text.png").hasLineCount(1);
    }

    @Test
    void textEncoderWithoutTower_isRefused() {
        TinyFolder tiny = TinyQwenImageEdit.plus(folder.resolve("plus"));
        Path weights = tiny.path().resolve("text_encoder/model.safetensors");
        Map<String, HostTensor> tensors = new LinkedHashMap<>(Fixture.tensors(weights));
        assertThat(tensors.keySet().removeIf(name -> name.startsWith("visual."))).isTrue();
        SafetensorsWriter.write(weights, tensors, Map.of());
        refused(tiny.path(), "holds no vision tower");
    }

    @Test
    void processorOfAnotherModel_isRefusedByItsKey() {
        TinyFolder tiny = TinyQwenImageEdit.plus(folder.resolve("plus"));
        tiny.file("processor/preprocessor_config.json", "{\"patch_size\": 16}");
        refused(tiny.path(), "patch_size");
    }

    private static void refused(Path path, String reason) {
        ModelFolder model = ModelFolder.open(path);
        Fixture.onCpu(
                ops ->
                        assertThatThrownBy(() -> FAMILY.openPromptEncoder(ops, model))
                                .isInstanceOf(FormatException.class)
                                .hasMessageContaining(reason));
    }

    private String generate(int expected, Path model, Path... references) {
        List<String> args = new ArrayList<>(List.of("generate", "a star", "--model"));
        args.add(model.toString());
        args.addAll(List.of("--size", "32x32", "--plan", "uniform-1", "--out"));
        args.add(folder.resolve("out.png").toString());
        for (Path reference : references) {
            args.addAll(List.of("--reference", reference.toString()));
        }
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code =
                Engine.run(
                        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new StopRequest(),
                        args.toArray(String[]::new));
        assertThat(code).as(err.toString()).isEqualTo(expected);
        return err.toString();
    }

    private Path picture(String name, int width, int height, Color color) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(color);
        graphics.fillRect(0, 0, width / 2, height);
        graphics.dispose();
        Path file = folder.resolve(name);
        Images.writePng(file, image, Map.of());
        return file;
    }
}

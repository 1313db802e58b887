package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.FormatException;
import glance.api.Lora;
import glance.api.Plan;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Trained;
import glance.api.Training;
import glance.fixtures.TinyFlux;
import glance.fixtures.TinyFlux2;
import glance.fixtures.TinyQwenImageEdit;
import glance.io.Images;
import glance.schedule.PlanJson;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Slow and Fast for editing: from pictures and what they are made from to a drawing with both. */
class EditTrainingTest {
    @TempDir private Path folder;

    private final Glance glance = Glance.open("cpu");
    private Path before;
    private Path after;

    @BeforeEach
    void makePictures() {
        before = picture("before.png", 96, 64, Color.RED);
        after = picture("after.png", 96, 64, Color.BLUE);
    }

    @AfterEach
    void close() {
        glance.close();
    }

    private Model model(String family) {
        Path model = folder.resolve(family);
        switch (family) {
            case "kontext" -> TinyFlux.kontext(model);
            case "qwen" -> TinyQwenImageEdit.still(model);
            case "dev" -> TinyFlux.dev(model);
            default -> TinyFlux2.base(model);
        }
        return glance.load(model);
    }

    private Training triple() {
        return usual(Training.of(after, "a blue star").reference(before));
    }

    private Training usual(Training training) {
        return training.longestSide(24)
                .rank(4)
                .alpha(8)
                .learningRate(1e-2f)
                .steps(2)
                .seed(5)
                .cache(folder.resolve("cache"));
    }

    @ParameterizedTest
    @CsvSource({"klein, 24", "kontext, 6", "qwen, 24"})
    void triple_trainsAPair_thatDrawsFromAReference(String family, int steps) {
        Plan plan = PlanJson.find("eval/plans/halves-2.json");
        Training training = triple().plan(plan).steps(steps).captionDropout(0);
        try (Model model = model(family)) {
            List<Trained.Adapter> adapters =
                    model.train(training, folder.resolve("pair")).adapters();
            assertThat(adapters).extracting(Trained.Adapter::phase).containsExactly("slow", "fast");
            for (Trained.Adapter adapter : adapters) {
                List<Float> losses = adapter.losses();
                assertThat(mean(losses.subList(steps - steps / 3, steps)))
                        .isLessThan(0.9 * mean(losses.subList(0, steps / 3)));
            }
            Request request =
                    Request.of("a blue star").reference(before).seed(3).plan(plan).size(24, 16);
            List<Lora> pair = adapters.stream().map(one -> Lora.of(one.file())).toList();
            int[] both = draw(model, request.loras(pair));
            assertThat(draw(model, request.loras(List.of()))).isNotEqualTo(both);
            assertThat(draw(model, request.loras(pair.subList(0, 1)))).isNotEqualTo(both);
            assertThat(draw(model, request.references(List.of(after)).loras(pair)))
                    .isNotEqualTo(both);
        }
    }

    @Test
    void folder_picturesWithDifferentNumbersAndSizesOfReferences_areTrained() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Files.copy(after, data.resolve("a.png"));
        Files.writeString(data.resolve("a.txt"), "a blue star");
        Files.copy(before, data.resolve("a.ref.png"));
        Files.copy(before, data.resolve("b.png"));
        Files.writeString(data.resolve("b.txt"), "a red star");
        Files.copy(after, data.resolve("b.ref1.png"));
        Files.copy(picture("more.png", 72, 160, Color.GREEN), data.resolve("b.ref2.png"));
        Files.copy(after, data.resolve("c.png"));
        Files.writeString(data.resolve("c.txt"), "a star");
        Path out = folder.resolve("out");
        Training training = usual(Training.of(data)).phases("slow").accumulation(6);
        try (Model model = model("klein")) {
            assertThat(model.train(training, out).adapters().get(0).losses())
                    .hasSize(2)
                    .allMatch(loss -> Float.isFinite(loss));
            assertThatThrownBy(() -> training.reference(before))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("NAME.ref.png");
        }
    }

    @Test
    void reference_changesWhatIsLearnt_andTheRunThatIsResumed() {
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        Training training = triple().phases("slow");
        try (Model model = model("klein")) {
            float seen = model.train(training, one).adapters().get(0).losses().get(0);
            float none =
                    model.train(training.references(List.of()), two)
                            .adapters()
                            .get(0)
                            .losses()
                            .get(0);
            assertThat(seen).isNotEqualTo(none);
            assertThat(model.train(training.steps(3).resume(), one).adapters().get(0).losses())
                    .hasSize(1);
            for (List<Path> others : List.of(List.of(after), List.<Path>of())) {
                assertThatThrownBy(() -> model.train(training.references(others).resume(), one))
                        .isInstanceOf(FormatException.class)
                        .hasMessageContaining("another run, which differs in references;");
            }
        }
    }

    @Test
    void samples_areDrawnFromTheReferences() throws IOException {
        Training training =
                triple().plan(PlanJson.find("eval/plans/halves-2.json"))
                        .phases("slow")
                        .steps(1)
                        .sampleEvery(1)
                        .samplePrompt("a star");
        try (Model model = model("klein")) {
            model.train(training, folder.resolve("one"));
            model.train(training.references(List.of(after)), folder.resolve("two"));
        }
        BufferedImage one = Images.read(folder.resolve("one/samples/slow-0001.png"));
        // that of the reference
        assertThat(one.getWidth()).isEqualTo(96);
        assertThat(one.getHeight()).isEqualTo(64);
        assertThat(pixels(one))
                .isNotEqualTo(pixels(Images.read(folder.resolve("two/samples/slow-0001.png"))));
    }

    @Test
    void referencesThatAModelCannotTake_areRefusedInOneLine() {
        try (Model dev = model("dev");
                Model klein = model("klein");
                Model kontext = model("kontext")) {
            assertThatThrownBy(() -> dev.train(triple(), folder.resolve("out")))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining("after.png: this model takes no reference pictures")
                    .hasMessageNotContaining("\n");
            assertThatThrownBy(
                            () -> kontext.train(triple().reference(after), folder.resolve("out")))
                    .isInstanceOf(RequestException.class)
                    .hasMessageContaining(
                            "after.png: 2 reference pictures: this model takes at most 1");
            assertThatThrownBy(
                            () ->
                                    kontext.train(
                                            triple().references(List.of(folder.resolve("no.png"))),
                                            folder.resolve("out")))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("no.png: no such file");
            Path small = picture("small.png", 24, 16, Color.RED);
            assertThatThrownBy(
                            () ->
                                    klein.train(
                                            triple().references(List.of(small)),
                                            folder.resolve("out")))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("small.png: reference picture of 24x16 pixels");
            assertThat(folder.resolve("out")).doesNotExist();
        }
    }

    private static double mean(List<Float> losses) {
        return losses.stream().mapToDouble(Float::doubleValue).average().orElseThrow();
    }

    private static int[] draw(Model model, Request request) {
        return pixels(model.draw(request).get(0).image());
    }

    private static int[] pixels(BufferedImage image) {
        int width = image.getWidth();
        return image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
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

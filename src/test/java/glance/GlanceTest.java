package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.CancelledException;
import glance.api.Comparison;
import glance.api.Comparison.Run;
import glance.api.DeviceException;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.Outcome;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Residency;
import glance.api.Strength;
import glance.fixtures.Fixture;
import glance.io.Images;
import glance.picture.PictureText;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GlanceTest {
    private static final Path SLOW =
            Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors");
    private static final Request RED = Request.of("a red circle").seed(7).plan("uniform-2");

    @TempDir private Path folder;

    private final Glance glance = Glance.open("cpu");
    private final Model model = glance.builtIn();

    @AfterEach
    void close() {
        glance.close();
    }

    private static int[] pixels(Picture picture) {
        int width = picture.image().getWidth();
        int height = picture.image().getHeight();
        return picture.image().getRGB(0, 0, width, height, null, 0, width);
    }

    @Test
    void draw_prompt_makesAPictureThatKnowsItsSettings() {
        Path file = folder.resolve("stars.png");
        Picture picture = model.draw("three blue stars");
        picture.save(file);
        assertThat(Images.read(file).getWidth()).isEqualTo(64);
        PictureText.Recipe recipe = PictureText.read(file);
        assertThat(recipe.model()).isEqualTo("glance-tiny");
        assertThat(recipe.request().prompts()).containsExactly("three blue stars");
        assertThat(recipe.request().seed()).contains(picture.seed());
        assertThat(pixels(model.draw(picture.request()).get(0))).isEqualTo(pixels(picture));
    }

    @Test
    void save_jpeg_keepsTheSettings() {
        Path file = folder.resolve("red.jpg");
        model.draw(RED).get(0).save(file);
        assertThat(PictureText.read(file).request().seed()).contains(7L);
    }

    @Test
    void draw_batchOfSeveralPrompts_isInOrderAndReproducible() {
        List<Picture> all =
                model.draw(RED.prompts(List.of("a red circle", "a blue star")).batch(2));
        assertThat(all)
                .extracting(Picture::prompt)
                .containsExactly("a red circle", "a red circle", "a blue star", "a blue star");
        assertThat(all).extracting(Picture::seed).containsExactly(7L, 8L, 7L, 8L);
        assertThat(pixels(model.draw(all.get(3).request()).get(0))).isEqualTo(pixels(all.get(3)));
    }

    @Test
    void complete_saysWhatTheModelWouldUse() {
        Request complete = model.complete(Request.of("a red circle"));
        assertThat(complete.plan().orElseThrow().name()).isEqualTo("uniform-5");
        assertThat(complete.size()).contains(new Request.Size(64, 64));
        assertThat(complete.guidance()).isPresent();
        assertThat(complete.negative()).isPresent();
        assertThat(complete.loras()).contains(List.of());
        assertThat(complete.seed()).isPresent();
    }

    @Test
    void requestsOfAllKinds_onOneModel_doNotInfluenceEachOther_orGrowMemory() {
        Request[] requests = {
            RED,
            RED.size(96, 64),
            RED.plan("uniform-1").prompts(List.of("a blue star")),
            RED.lora(Lora.of(SLOW).on("1")),
            RED.lora(Lora.of(SLOW).strength(Strength.ramp(0.2f, 1))),
            RED.guidance(1).batch(2)
        };
        List<int[]> first = new ArrayList<>();
        for (Request request : requests) {
            first.add(pixels(model.draw(request).get(0)));
        }
        long held = glance.memory().scratchBytes() + glance.memory().weightBytes();
        for (int i = 0; i < requests.length; i++) {
            assertThat(pixels(model.draw(requests[i]).get(0))).isEqualTo(first.get(i));
        }
        assertThat(glance.memory().scratchBytes() + glance.memory().weightBytes()).isEqualTo(held);
        assertThat(first.get(3)).isNotEqualTo(first.get(0)).isNotEqualTo(first.get(4));
    }

    @Test
    void streaming_drawsTheSame_andKeepsNoWeights() {
        Model streaming = glance.load(Fixture.tinyModel(), Residency.STREAM);
        assertThat(pixels(streaming.draw(RED).get(0))).isEqualTo(pixels(model.draw(RED).get(0)));
        model.close();
        assertThat(glance.memory().weightBytes()).isZero();
    }

    @Test
    void promptThatComesAgain_needsNoTextEncoder() {
        List<String> stages = new ArrayList<>();
        Listener listener =
                new Listener() {
                    @Override
                    public void progress(Progress progress) {}

                    @Override
                    public void stage(String name) {
                        stages.add(name);
                    }
                };
        Model streaming = glance.load(Fixture.tinyModel(), Residency.STREAM);
        streaming.draw(RED, listener);
        assertThat(stages).startsWith("text encoder");
        stages.clear();
        streaming.draw(RED.seed(8), listener);
        assertThat(stages).doesNotContain("text encoder");
    }

    @Test
    void listener_hearsStepsPhasesPreviewsAndPictures() {
        List<Progress> steps = new ArrayList<>();
        List<String> events = new ArrayList<>();
        Listener listener =
                new Listener() {
                    @Override
                    public void progress(Progress progress) {
                        steps.add(progress);
                    }

                    @Override
                    public boolean wantsPreview(Progress progress) {
                        return progress.step() % 4 == 0;
                    }

                    @Override
                    public void preview(Progress progress, List<Picture> pictures) {
                        events.add("preview " + progress.step() + " of " + pictures.get(0));
                    }

                    @Override
                    public void picture(int index, Picture picture) {
                        events.add("picture " + index);
                    }
                };
        Request two = RED.prompts(List.of("a red circle", "a blue star")).plan("glance-8");
        model.draw(two, listener);
        assertThat(steps).extracting(Progress::done).endsWith(15, 16).hasSize(16);
        assertThat(steps).extracting(Progress::total).containsOnly(16);
        assertThat(steps.get(0).phase()).isEqualTo("slow");
        assertThat(steps.get(7).phase()).isEqualTo("fast");
        assertThat(steps.get(8).prompt()).isEqualTo(1);
        assertThat(steps.get(0).secondsLeft()).isPositive();
        assertThat(steps.get(15).secondsLeft()).isZero();
        assertThat(events)
                .containsExactly(
                        "preview 4 of 'a red circle', seed 7",
                        "preview 8 of 'a red circle', seed 7",
                        "picture 0",
                        "preview 4 of 'a blue star', seed 7",
                        "preview 8 of 'a blue star', seed 7",
                        "picture 1");
    }

    @Test
    void calls_fromManyThreads_queue_andEachGetsItsOwn() throws Exception {
        int[] want = pixels(model.draw(RED).get(0));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Picture>> drawn = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            long seed = 7 + i % 2;
            drawn.add(threads.submit(() -> model.draw(RED.seed(seed)).get(0)));
        }
        for (int i = 0; i < 8; i++) {
            Picture picture = drawn.get(i).get();
            assertThat(picture.seed()).isEqualTo(7 + i % 2);
            if (i % 2 == 0) {
                assertThat(pixels(picture)).isEqualTo(want);
            }
        }
        threads.shutdown();
    }

    @Test
    void twoEngines_inOneProcess_shareNothing() throws Exception {
        int[] want = pixels(model.draw(RED).get(0));
        try (Glance other = Glance.open("cpu");
                Model same = other.builtIn()) {
            Future<Picture> there =
                    Executors.newSingleThreadExecutor().submit(() -> same.draw(RED).get(0));
            assertThat(pixels(model.draw(RED).get(0))).isEqualTo(want);
            assertThat(pixels(there.get())).isEqualTo(want);
        }
        assertThat(pixels(model.draw(RED).get(0))).isEqualTo(want);
    }

    @Test
    void interruptedCaller_cancels_andTheModelGoesOn() {
        Listener listener =
                progress -> {
                    if (progress.step() == 1) {
                        waiting.get().interrupt();
                    }
                };
        waiting.set(Thread.currentThread());
        assertThatThrownBy(() -> model.draw(RED.plan("uniform-20"), listener))
                .isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(model.draw(RED)).hasSize(1);
    }

    private final AtomicReference<Thread> waiting = new AtomicReference<>();

    @Test
    void listener_mayEndTheRun() {
        Listener listener =
                new Listener() {
                    private int steps;

                    @Override
                    public void progress(Progress progress) {
                        steps++;
                    }

                    @Override
                    public boolean isCancelled() {
                        return steps == 2;
                    }
                };
        assertThatThrownBy(() -> model.draw(RED.plan("uniform-20"), listener))
                .isInstanceOf(CancelledException.class);
    }

    @Test
    void listenerThatThrows_endsTheRun_andTheModelGoesOn() {
        assertThatThrownBy(
                        () ->
                                model.draw(
                                        RED,
                                        progress -> {
                                            throw new IllegalArgumentException("mine");
                                        }))
                .hasMessage("mine");
        assertThat(model.draw(RED)).hasSize(1);
    }

    @Test
    void listenerThatCallsTheModel_isToldWhyNot() {
        assertThatThrownBy(() -> model.draw(RED, progress -> model.draw(RED)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("hand the call to another thread");
    }

    @Test
    void closing_inAnyOrder_isFine_andUseAfterItIsRefusedInWords() {
        model.draw(RED);
        glance.close();
        assertThatThrownBy(() -> model.draw(RED))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(glance::builtIn)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        model.close();
        glance.close();
    }

    @Test
    void closedModel_givesItsMemoryBack_andOthersGoOn() {
        Model other = glance.builtIn();
        other.draw(RED);
        model.draw(RED);
        model.close();
        assertThatThrownBy(() -> model.draw(RED)).hasMessageContaining("glance-tiny is closed");
        other.draw(RED);
        other.close();
        assertThat(glance.memory().weightBytes()).isZero();
        assertThat(glance.memory().scratchBytes()).isZero();
    }

    @Test
    void wrongRequests_areRefusedInWords() {
        assertThatThrownBy(() -> model.draw(" "))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("the prompt is empty");
        assertThatThrownBy(() -> model.draw(RED.size(65, 64)))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("multiples of");
        assertThatThrownBy(() -> RED.plan("glanze"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("expected one of");
        assertThatThrownBy(() -> model.draw(RED.lora(Lora.of(SLOW).on("slow"))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("has no phases");
        assertThatThrownBy(
                        () ->
                                model.draw(
                                        RED.lora(
                                                Lora.of(SLOW)
                                                        .strength(Strength.each(1, 2, 3))
                                                        .on("1-2"))))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("has 3 values for 2 steps");
        assertThatThrownBy(() -> model.draw(RED.size(1 << 12, 1 << 12)))
                .isInstanceOfAny(RequestException.class, DeviceException.class);
    }

    @Test
    void wrongFiles_areRefusedInWords() throws Exception {
        assertThatThrownBy(() -> glance.load(folder)).isInstanceOf(FormatException.class);
        Path broken = Files.write(folder.resolve("broken.safetensors"), new byte[] {1, 2, 3});
        assertThatThrownBy(() -> model.draw(RED.lora(Lora.of(broken))))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("broken.safetensors");
        assertThat(model.draw(RED)).hasSize(1);
    }

    @Test
    void unknownDevice_isRefusedInWords() {
        assertThatThrownBy(() -> Glance.open("tpu"))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("unknown device 'tpu'");
    }

    @Test
    void compare_measuresRuns_andSavesAReport() throws IOException {
        List<Picture> heard = new ArrayList<>();
        Listener listener =
                new Listener() {
                    @Override
                    public void progress(Progress progress) {}

                    @Override
                    public void picture(int index, Picture picture) {
                        assertThat(index).isEqualTo(heard.size());
                        heard.add(picture);
                    }
                };
        Comparison comparison =
                Comparison.of(Request.of("a red circle").seed(7).batch(2))
                        .teacher("uniform-3")
                        .run("uniform-2")
                        .run(new Run("slow", Plans.uniform(2), List.of(Lora.of(SLOW).on("1"))))
                        .picturesTo(folder.resolve("full"));
        ComparisonReport report = model.compare(comparison, listener);
        assertThat(report.isComplete()).isTrue();
        assertThat(report.outcomes())
                .extracting(Outcome::run)
                .containsExactly("teacher", "uniform-2", "slow", "teacher", "uniform-2", "slow");
        assertThat(report.table()).hasSize(4);
        assertThat(pixels(heard.get(1))).isEqualTo(pixels(model.draw(RED).get(0)));
        assertThat(pixels(heard.get(5)))
                .isEqualTo(pixels(model.draw(RED.seed(8).lora(Lora.of(SLOW).on("1"))).get(0)));
        assertThat(PictureText.read(folder.resolve("full/001-8-slow.png")).request().seed())
                .contains(8L);
        Path saved = report.save(folder.resolve("new/out"));
        assertThat(saved).content().contains("- model: glance-tiny", "| slow | uniform-2 |");
        try (Stream<Path> files = Files.list(folder.resolve("new/out"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "report.md", "results.json", "pictures.csv", "sheet.png");
        }
    }

    @Test
    void compare_grid_computesEqualCellsOnce() throws IOException {
        Comparison comparison =
                Comparison.of(RED)
                        .teacher("uniform-1")
                        .grid(LoraGrid.of(Lora.of(SLOW), 0, 1).on("1", "2"));
        ComparisonReport report = model.compare(comparison);
        assertThat(report.outcomes())
                .extracting(Outcome::run)
                .containsExactly("teacher", "base", "slow:1@1", "slow:1@2");
        BufferedImage sheet = report.sheet();
        report.save(folder);
        assertThat(Images.read(folder.resolve("grid.png")).getWidth()).isEqualTo(sheet.getWidth());
        assertThat(folder.resolve("report.md"))
                .content()
                .contains("| PSNR dB | slow 0 | slow 1 |", "| steps 1 | ", "](grid.png)");
        assertThat(new ObjectMapper().readTree(folder.resolve("results.json").toFile()).at("/grid"))
                .hasToString(
                        "{\"rows\":[\"steps 1\",\"steps 2\"],\"columns\":[\"slow 0\",\"slow 1\"],"
                                + "\"runs\":[[\"base\",\"slow:1@1\"],[\"base\",\"slow:1@2\"]]}");
    }

    @Test
    void compare_thatMakesNoSense_isRefusedInWords() {
        Comparison none = Comparison.of(Request.of("a red circle"));
        assertThatThrownBy(() -> model.compare(none))
                .isInstanceOf(RequestException.class)
                .hasMessage("there is no run to compare with the teacher");
        assertThatThrownBy(() -> model.check(Comparison.of(RED).run("glance")))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("belong to its runs");
        assertThatThrownBy(() -> model.compare(none.run("glance").against("x")))
                .hasMessage("against x: no run has this name; runs: teacher, glance");
        assertThatThrownBy(() -> none.run("fast")).hasMessageContaining("expected one of full");
        assertThatThrownBy(() -> model.compare(none.run("full").scenes(List.of("{"))))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("scene 1");
    }
}

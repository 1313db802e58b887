package glance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.CancelledException;
import glance.api.FormatException;
import glance.api.Lora;
import glance.api.Plans;
import glance.api.Request;
import glance.api.RequestException;
import glance.api.Trained;
import glance.api.Training;
import glance.api.TrainingFailure;
import glance.io.Images;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training through the front door. */
class TrainerTest {
    private static final Request PLAIN =
            Request.of("a red square").seed(7).plan("glance-8").loras(List.of());

    @TempDir private Path folder;

    private final Glance glance = Glance.open("cpu");
    private final Model model = glance.builtIn();
    private Training square;

    @BeforeEach
    void makePicture() {
        BufferedImage picture = new BufferedImage(48, 32, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 12 * 12; i++) {
            picture.setRGB(20 + i % 12, 10 + i / 12, 0xffd62828);
        }
        Images.writePng(in("square.png"), picture, Map.of());
        square = training(in("square.png"), "a red square");
    }

    @AfterEach
    void close() {
        glance.close();
    }

    private Path in(String name) {
        return folder.resolve(name);
    }

    private Training training(Path picture, String caption) {
        return Training.of(picture, caption)
                .longestSide(32)
                .rank(2)
                .steps(3)
                .learningRate(1e-2f)
                .captionDropout(0.3f)
                .seed(5)
                .cache(in("cache"));
    }

    /** Hears everything. */
    private static class Diary implements TrainingListener {
        final List<TrainingProgress> steps = new ArrayList<>();
        final List<String> events = new ArrayList<>();
        private final Consumer<TrainingProgress> eachStep;

        Diary(Consumer<TrainingProgress> eachStep) {
            this.eachStep = eachStep;
        }

        @Override
        public void progress(TrainingProgress progress) {
            steps.add(progress);
            eachStep.accept(progress);
        }

        @Override
        public void begins() {
            events.add("begins");
        }

        @Override
        public void sample(Path file) {
            events.add("sample " + file.getFileName());
        }

        @Override
        public void adapter(Trained.Adapter adapter) {
            events.add("adapter " + adapter.phase());
        }

        @Override
        public void note(String message) {
            events.add(message);
        }
    }

    private static int[] pixels(Picture picture) {
        int width = picture.image().getWidth();
        int height = picture.image().getHeight();
        return picture.image().getRGB(0, 0, width, height, null, 0, width);
    }

    private void sameBits(String one, String other) {
        for (String file : List.of("slow.safetensors", "slow.checkpoint.safetensors")) {
            assertThat(in(one).resolve(file)).hasSameBinaryContentAs(in(other).resolve(file));
        }
    }

    @Test
    void train_makesAnAdapterForEachPhase_thatTheModelDrawsWith() {
        int[] before = pixels(model.draw(PLAIN).get(0));
        Trained trained = model.train(square, in("mine"));
        assertThat(trained.adapters())
                .extracting(Trained.Adapter::phase)
                .containsExactly(Plans.SLOW, Plans.FAST);
        assertThat(trained.seconds()).isPositive();
        Request request = PLAIN;
        for (Trained.Adapter adapter : trained.adapters()) {
            assertThat(adapter.losses()).hasSize(3).allMatch(loss -> loss > 0);
            request = request.lora(Lora.of(adapter.file()));
        }
        int[] after = pixels(model.draw(request).get(0));
        assertThat(after).isNotEqualTo(before);
        assertThat(pixels(model.draw(PLAIN.lora(Lora.of(in("mine")))).get(0))).isEqualTo(after);
        assertThat(pixels(model.draw(PLAIN).get(0))).as("the model is as it was").isEqualTo(before);
    }

    @Test
    void folderOfPictures_isTrainedOn_andMemoryIsGivenBack() throws IOException {
        Path pictures = Files.createDirectories(in("pictures"));
        Files.copy(in("square.png"), pictures.resolve("a.png"));
        Files.writeString(pictures.resolve("a.txt"), "a red square");
        Files.copy(in("square.png"), pictures.resolve("b.png"));
        Files.writeString(pictures.resolve("b.txt"), "a square that is red");
        Training both = Training.of(pictures).size(new Request.Size(32, 32)).cache(in("cache"));
        Trained trained = model.train(both.rank(2).steps(1).phases("all"), in("mine"));
        assertThat(trained.adapters()).extracting(Trained.Adapter::phase).containsExactly("all");
        assertThat(glance.memory().scratchBytes()).isZero();
        assertThat(glance.memory().weightBytes()).isZero();
    }

    @Test
    void listener_hearsSteps_samples_adaptersAndNotes() {
        Diary diary = new Diary(progress -> {});
        model.train(square.sampleEvery(2).samplePrompt("a blue star"), in("mine"), diary);
        assertThat(diary.steps)
                .extracting(step -> step.phase() + " " + step.step() + "/" + step.steps())
                .containsExactly(
                        "slow 1/3", "slow 2/3", "slow 3/3", "fast 1/3", "fast 2/3", "fast 3/3");
        assertThat(diary.steps.get(0).secondsLeft())
                .isEqualTo(5 * diary.steps.get(0).stepSeconds())
                .isPositive();
        assertThat(diary.steps.get(5).secondsLeft()).isZero();
        assertThat(diary.steps)
                .allMatch(step -> step.loss() > 0 && step.gradientNorm() > 0)
                .allMatch(step -> step.learningRate() == 1e-2f);
        assertThat(diary.events)
                .containsExactly(
                        "texts and pictures: 4 encodings computed",
                        "begins",
                        "sample slow-0002.png",
                        "adapter slow",
                        "sample fast-0002.png",
                        "adapter fast");
        assertThat(Images.read(in("mine/samples/slow-0002.png")).getWidth()).isEqualTo(64);
    }

    @Test
    void resumedTraining_endsWithTheSameBits() {
        Training slow = square.phases("slow");
        model.train(slow.steps(4), in("whole"));
        model.train(slow.steps(2), in("parts"));
        Diary diary = new Diary(progress -> {});
        Trained trained = model.train(slow.steps(4).resume(), in("parts"), diary);
        sameBits("parts", "whole");
        assertThat(diary.events)
                .contains("texts and pictures: encoded before", "slow: goes on after step 2");
        assertThat(trained.adapters().get(0).losses()).hasSize(2);
        assertThat(model.train(slow.steps(4).resume(), in("parts")).adapters().get(0).losses())
                .as("nothing left to do")
                .isEmpty();
    }

    @Test
    void cancelledTraining_keepsItsState_andGoesOnToTheSameBits() {
        Training slow = square.phases("slow");
        model.train(slow, in("whole"));
        Diary twoSteps =
                new Diary(progress -> {}) {
                    @Override
                    public boolean isCancelled() {
                        return steps.size() == 2;
                    }
                };
        assertThatThrownBy(() -> model.train(slow, in("parts"), twoSteps))
                .isInstanceOf(CancelledException.class)
                .hasMessage("phase slow stopped after step 2");
        assertThat(in("parts/slow.safetensors")).doesNotExist();
        model.train(slow.resume(), in("parts"));
        sameBits("parts", "whole");
    }

    @Test
    void interruptedCaller_cancels_andTheModelGoesOn() {
        Thread waiting = Thread.currentThread();
        Diary diary = new Diary(progress -> waiting.interrupt());
        assertThatThrownBy(() -> model.train(square.steps(500), in("mine"), diary))
                .isInstanceOf(CancelledException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(in("mine/slow.checkpoint.safetensors")).exists();
        assertThat(in("mine/slow.png")).exists();
        assertThat(model.draw(PLAIN)).hasSize(1);
    }

    @Test
    void earlierTraining_isReplacedOnlyOnRequest() {
        Training slow = square.phases("slow").steps(1);
        model.train(slow, in("mine"));
        assertThatThrownBy(() -> model.train(slow, in("mine")))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("holds slow.safetensors already; resume that run, overwrite");
        assertThat(model.train(slow.overwrite(), in("mine")).adapters().get(0).losses()).hasSize(1);
    }

    @Test
    void wrongTrainings_areRefusedInWords_andLeaveNothing() {
        refuse(square.rank(0), "rank: must be 1 to 16384, got 0");
        refuse(square.steps(0), "steps: must be at least 1");
        refuse(square.phases("slwo"), "phase slwo: plan glance has the phases slow, fast");
        refuse(square.plan("uniform-4"), "plan uniform-4 has no phases");
        refuse(square.plan("full").phases("slow"), "plan full has no phases; use all");
        refuse(square.longestSide(33), "size 33: must be a positive multiple of");
        refuse(square.maxPromptTokens(9999), "9999 prompt tokens: this model");
        refuse(square.checkpointEvery(-1), "must not be negative");
        refuse(training(in("square.png"), " "), "its caption is empty");
        assertThatThrownBy(() -> square.plan("glanze"))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("expected one of");
        assertThatThrownBy(() -> model.train(square, in("square.png")))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("is a file; give a folder");
        assertThatThrownBy(() -> model.train(training(in("no.png"), "x"), in("mine")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("no.png");
        assertThatThrownBy(() -> model.train(Training.of(in("none")), in("mine")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("no such folder");
        assertThat(in("mine")).doesNotExist();
        assertThatThrownBy(() -> model.train(square.targets(List.of("to_x")), in("mine")))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining("'to_x' names no linear layer");
    }

    private void refuse(Training wrong, String why) {
        assertThatThrownBy(() -> model.train(wrong, in("mine")))
                .isInstanceOf(RequestException.class)
                .hasMessageContaining(why);
    }

    @Test
    void divergingTraining_fails_andTheModelGoesOn() {
        assertThatThrownBy(() -> model.train(square.learningRate(1e30f), in("mine")))
                .isInstanceOf(TrainingFailure.class)
                .hasMessageContaining("lower the learning rate");
        assertThat(model.draw(PLAIN)).hasSize(1);
    }

    @Test
    void closedModel_isNotTrained() {
        model.close();
        assertThatThrownBy(() -> model.train(square, in("mine")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("glance-tiny is closed");
    }
}

package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.CancelledException;
import glance.api.Comparison;
import glance.api.Comparison.Run;
import glance.api.Init;
import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.Outcome;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Residency;
import glance.fixtures.Drawn;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.ModelFolder;
import glance.pipeline.Guidance;
import glance.pipeline.Pipeline;
import glance.pipeline.RunListener;
import glance.pipeline.Settings;
import glance.schedule.PlanJson;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparisonRunTest {
    private static final RunListener SILENT = new RunListener() {};
    private static final List<String> PROMPTS = List.of("a red circle", "a blue star");
    private static final Lora SLOW =
            Lora.of(Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors")).on("1-2");

    @TempDir private Path folder;

    private static ComparisonRequest request(Run... runs) {
        Comparison comparison =
                Comparison.of(Request.of(PROMPTS).seed(3).batch(2).guidance(4))
                        .teacher("uniform-4");
        for (Run run : runs) {
            comparison = comparison.run(run);
        }
        return ComparisonRequest.of(comparison, tiny());
    }

    private static Run run(String name, int steps, Lora... loras) {
        return new Run(name, Plans.uniform(steps), List.of(loras));
    }

    private static ModelFolder tiny() {
        return ModelFolder.open(Fixture.tinyModel());
    }

    private static int[] pixels(BufferedImage picture) {
        return picture.getRGB(0, 0, 64, 64, null, 0, 64);
    }

    private static List<Outcome> outcomes(
            ComparisonRequest request, RunListener listener, ComparisonRun.PictureSink pictures) {
        List<Outcome> outcomes = new ArrayList<>();
        Fixture.onCpu(
                ops ->
                        outcomes.addAll(
                                new ComparisonRun(
                                                new Pipeline(ops, tiny(), Residency.RESIDENT),
                                                tiny(),
                                                request)
                                        .run(listener, pictures)));
        return outcomes;
    }

    @Test
    void run_measuresEveryRunOfEveryPromptAndSeed() {
        ComparisonRequest request =
                request(run("same", 4), run("adapted", 4, SLOW), run("short", 2));
        Map<String, int[]> pictures = new HashMap<>();
        List<Outcome> outcomes =
                outcomes(
                        request,
                        SILENT,
                        (outcome, picture) ->
                                pictures.put(
                                        outcome.run() + outcome.prompt() + outcome.seed(),
                                        pixels(picture)));
        assertThat(outcomes).hasSize(16);
        assertThat(outcomes.subList(0, 4))
                .extracting(Outcome::run)
                .containsExactly("teacher", "same", "adapted", "short");
        assertThat(outcomes).allSatisfy(o -> assertThat(o.seconds()).isPositive());
        for (Outcome outcome : outcomes) {
            assertThat(outcome.forwardPasses()).isEqualTo(2 * outcome.steps());
            switch (outcome.run()) {
                case "teacher" -> assertThat(outcome.distance()).isNull();
                case "same" -> {
                    assertThat(outcome.distance().psnr()).isInfinite();
                    assertThat(outcome.distance().ssim()).isCloseTo(1, within(1e-12));
                    assertThat(outcome.distance().latentError()).isZero();
                }
                default -> {
                    assertThat(outcome.distance().psnr()).isBetween(5.0, 60.0);
                    assertThat(outcome.distance().ssim()).isLessThan(1);
                    assertThat(outcome.distance().latentError()).isBetween(1e-4, 2.0);
                }
            }
        }
        assertThat(pictures.get("adapted14")).isEqualTo(generated("a blue star", 4, SLOW));
        assertThat(pictures.get("adapted14")).isNotEqualTo(pictures.get("same14"));
    }

    @Test
    void run_cellsOfAGrid_areMadeTogetherAndAreAsAlone() {
        Comparison grid = grid(0.5f, 1);
        List<int[]> pictures = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        outcomes(
                ComparisonRequest.of(grid, tiny()),
                new RunListener() {
                    @Override
                    public void step(int step, int steps, String phase, double taken) {
                        seconds.add(taken);
                    }
                },
                (outcome, picture) -> pictures.add(pixels(picture)));
        assertThat(pictures).hasSize(3);
        assertThat(pictures.get(1)).isNotEqualTo(pictures.get(2));
        assertThat(pictures.get(2)).isEqualTo(generated("a blue star", 4, SLOW));
        // the steps of the second cell were those of the first
        assertThat(seconds.subList(seconds.size() - 4, seconds.size())).containsOnly(0.0);
        assertThat(seconds.stream().filter(taken -> taken == 0)).hasSize(4);
    }

    /** The picture as the pipeline makes it alone. */
    private static int[] generated(String prompt, long seed, Lora lora) {
        List<int[]> pictures = new ArrayList<>();
        Fixture.onCpu(
                ops ->
                        pictures.add(
                                pixels(
                                        Runs.run(
                                                        ops,
                                                        tiny(),
                                                        new Settings(
                                                                List.of(prompt),
                                                                " ",
                                                                seed,
                                                                1,
                                                                64,
                                                                64,
                                                                new Guidance(4, true),
                                                                PlanJson.find("uniform-4"),
                                                                List.of(lora)),
                                                        SILENT)
                                                .get(0)
                                                .picture())));
        return pictures.get(0);
    }

    @Test
    void run_interrupted_measuresWhatIsComplete() {
        ComparisonRequest request = request(run("short", 1));
        RunListener impatient =
                new RunListener() {
                    private int steps;

                    @Override
                    public void step(int step, int count, String phase, double seconds) {
                        steps++;
                    }

                    @Override
                    public boolean isCancelled() {
                        // 2 to warm up, 5 for the first seed, 4 into the second.
                        return steps >= 11;
                    }
                };
        assertThat(outcomes(request, impatient, (outcome, picture) -> {}))
                .extracting(Outcome::run)
                .containsExactly("teacher", "short");
    }

    /** A cell that an earlier comparison kept, and the teacher; the other cell is not made. */
    @Test
    void run_ofAGridInterrupted_measuresTheCellsThatAreMade() {
        outcomes(
                ComparisonRequest.of(grid(0.5f).cache(folder), tiny()),
                SILENT,
                (outcome, picture) -> {});
        List<Outcome> outcomes =
                outcomes(
                        ComparisonRequest.of(grid(0.5f, 1).cache(folder), tiny()),
                        new RunListener() {
                            private int steps;

                            @Override
                            public void step(int step, int count, String phase, double seconds) {
                                steps++;
                            }

                            @Override
                            public boolean isCancelled() {
                                // 2 to warm up, 8 that are known, 2 of the other cell
                                return steps >= 12;
                            }
                        },
                        (outcome, picture) -> {});
        assertThat(outcomes).hasSize(2);
        assertThat(outcomes.get(0).run()).isEqualTo("teacher");
        assertThat(outcomes.get(1).distance()).isNotNull();
    }

    private static Comparison grid(float... strengths) {
        return Comparison.of(
                        Request.of("a blue star")
                                .seed(4)
                                .guidance(4)
                                .plan("uniform-4")
                                .loras(List.of()))
                .teacher("uniform-4")
                .grid(LoraGrid.of(SLOW, strengths));
    }

    /** Counts the steps that are run, not those of the plans; tiny strengths warm up, too. */
    @ParameterizedTest
    @CsvSource({"0.5, 2, 3", "0.001, 1, 2", "0.0000001, 1, 2"})
    void run_fromAPicture_runsTheStepsThatItCounts(float strength, int teacher, int all) {
        Path photo = Drawn.photo(folder.resolve("photo.png"), 64, 64);
        Comparison comparison =
                Comparison.of(
                                Request.of("a red circle")
                                        .seed(3)
                                        .size(64, 64)
                                        .init(Init.of(photo).strength(strength)))
                        .teacher("uniform-4")
                        .run(run("short", 2));
        ComparisonRequest request = ComparisonRequest.of(comparison, tiny());
        assertThat(request.totalSteps()).isEqualTo(all);
        List<Integer> lasts = new ArrayList<>();
        RunListener counting =
                new RunListener() {
                    @Override
                    public void step(int step, int count, String phase, double seconds) {
                        if (step == count) {
                            lasts.add(count);
                        }
                    }
                };
        List<Outcome> outcomes = outcomes(request, counting, (outcome, picture) -> {});
        assertThat(outcomes).extracting(Outcome::steps).containsExactly(teacher, 1);
        assertThat(lasts).hasSize(3).endsWith(teacher, 1);
    }

    @Test
    void run_interruptedAtOnce_isCancelled() {
        ComparisonRequest request = request(run("short", 1));
        RunListener atOnce =
                new RunListener() {
                    @Override
                    public boolean isCancelled() {
                        return true;
                    }
                };
        assertThatThrownBy(() -> outcomes(request, atOnce, (outcome, picture) -> {}))
                .isInstanceOf(CancelledException.class);
    }

    @Test
    void relativeError_isThatOfTheFormula() {
        assertThat(ComparisonRun.relativeError(new float[] {3, 0}, new float[] {0, 4}))
                .isCloseTo(1.25, within(1e-12));
    }
}

package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.CancelledException;
import glance.api.Lora;
import glance.api.Residency;
import glance.backend.Device;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.ops.parity.TestDevice;
import glance.schedule.PlanJson;
import glance.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PipelineTest {
    private static final String PROMPT = "a red circle left of a blue star on a white background";
    private static final RunListener SILENT = new RunListener() {};

    private static Settings request(String plan, int batch, List<Lora> loras) {
        return new Settings(
                List.of(PROMPT),
                " ",
                7,
                batch,
                64,
                64,
                new Guidance(4, true),
                PlanJson.find(plan),
                loras);
    }

    private static Pipeline pipeline(Ops ops) {
        return new Pipeline(ops, ModelFolder.open(Fixture.tinyModel()), Residency.STREAM);
    }

    private static List<ImageResult> run(Ops ops, Settings request, RunListener listener) {
        return Runs.run(ops, ModelFolder.open(Fixture.tinyModel()), request, listener);
    }

    private static int[] pixels(BufferedImage picture) {
        return picture.getRGB(
                0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    }

    @Test
    void run_onAClosedDevice_isRefused() {
        Device device = TestDevice.cpu(2).open();
        Ops ops = new Ops(device);
        Pipeline pipeline = pipeline(ops);
        device.close();
        assertThatThrownBy(() -> pipeline.run(request("uniform-3", 1, List.of()), SILENT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the CPU device is closed");
        ops.close();
    }

    @Test
    void run_numberOfThreads_changesNoBit() {
        List<int[]> pictures = new ArrayList<>();
        for (int threads : new int[] {1, 3}) {
            Fixture.onCpu(
                    threads,
                    ops ->
                            pictures.add(
                                    pixels(
                                            run(ops, request("uniform-3", 1, List.of()), SILENT)
                                                    .get(0)
                                                    .picture())));
        }
        assertThat(pictures.get(0)).isEqualTo(pictures.get(1));
    }

    @Test
    void run_batch_countsSeedsUp() {
        Fixture.onCpu(
                ops -> {
                    List<ImageResult> both = run(ops, request("uniform-2", 2, List.of()), SILENT);
                    assertThat(both).extracting(ImageResult::seed).containsExactly(7L, 8L);
                    List<ImageResult> first = run(ops, request("uniform-2", 1, List.of()), SILENT);
                    assertThat(pixels(both.get(0).picture()))
                            .isEqualTo(pixels(first.get(0).picture()));
                    assertThat(pixels(both.get(1).picture()))
                            .isNotEqualTo(pixels(first.get(0).picture()));
                });
    }

    @Test
    void run_manySteps_doNotGrowMemory() {
        Fixture.onCpu(
                ops -> {
                    List<Long> held = new ArrayList<>();
                    run(
                            ops,
                            request("uniform-6", 1, List.of()),
                            new RunListener() {
                                @Override
                                public void latents(int step, Tensor latents) {
                                    var stats = ops.device().memory().stats();
                                    held.add(stats.scratchBytes() + stats.pooledBytes());
                                }
                            });
                    assertThat(held).hasSize(6);
                    assertThat(held.get(5)).isEqualTo(held.get(1));
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                    assertThat(ops.device().memory().stats().weightBytes()).isZero();
                });
    }

    @Test
    void run_expertsByPhase_switchOnceAndWriteNoWeight() {
        var folder = Fixture.folder("glance-tiny-pipeline");
        List<Lora> experts =
                List.of(
                        Lora.of(folder.resolve("slow.safetensors")).on("slow"),
                        Lora.of(folder.resolve("fast.safetensors")).on("fast"));
        Fixture.onCpu(
                ops -> {
                    List<Double> switches = new ArrayList<>();
                    List<String> phases = new ArrayList<>();
                    List<Long> weights = new ArrayList<>();
                    run(
                            ops,
                            request("glance", 1, experts),
                            new RunListener() {
                                @Override
                                public void adapterSwitch(double seconds) {
                                    switches.add(seconds);
                                }

                                @Override
                                public void step(
                                        int step, int steps, String phase, double seconds) {
                                    phases.add(phase);
                                    weights.add(ops.device().memory().stats().weightBytes());
                                }
                            });
                    assertThat(switches).hasSize(1);
                    assertThat(phases)
                            .containsExactly(
                                    "slow", "slow", "slow", "slow", "slow", "fast", "fast", "fast",
                                    "fast", "fast");
                    assertThat(weights).containsOnly(weights.get(0));
                });
    }

    @Test
    void run_cancelled_endsBetweenStepsAndFreesEverything() {
        Fixture.onCpu(
                ops -> {
                    List<Integer> done = new ArrayList<>();
                    RunListener listener =
                            new RunListener() {
                                @Override
                                public void step(
                                        int step, int steps, String phase, double seconds) {
                                    done.add(step);
                                }

                                @Override
                                public boolean isCancelled() {
                                    return done.size() == 2;
                                }
                            };
                    assertThatThrownBy(() -> run(ops, request("uniform-5", 1, List.of()), listener))
                            .isInstanceOf(CancelledException.class);
                    assertThat(done).containsExactly(1, 2);
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                    assertThat(ops.device().memory().stats().weightBytes()).isZero();
                });
    }

    @Test
    void run_cancelledInTheSecondPrompt_stillFinishesTheFirst() {
        Fixture.onCpu(
                ops -> {
                    List<String> finished = new ArrayList<>();
                    List<Integer> done = new ArrayList<>();
                    RunListener listener =
                            new RunListener() {
                                @Override
                                public void step(
                                        int step, int steps, String phase, double seconds) {
                                    done.add(step);
                                }

                                @Override
                                public void picture(int index, ImageResult picture) {
                                    finished.add(index + " " + picture.prompt());
                                }

                                @Override
                                public boolean isCancelled() {
                                    return done.size() == 3;
                                }
                            };
                    Settings two =
                            prompted(
                                    request("uniform-2", 1, List.of()),
                                    List.of("a red circle", "a blue star"));
                    assertThatThrownBy(() -> run(ops, two, listener))
                            .isInstanceOf(CancelledException.class);
                    assertThat(done).containsExactly(1, 2, 1);
                    assertThat(finished).containsExactly("0 a red circle");
                });
    }

    @Test
    void run_previews_comeWhereTheListenerWantsThem() {
        Fixture.onCpu(
                ops -> {
                    List<Integer> previews = new ArrayList<>();
                    Settings five =
                            new Settings(
                                    List.of(PROMPT),
                                    " ",
                                    7,
                                    1,
                                    64,
                                    64,
                                    new Guidance(1, true),
                                    PlanJson.find("uniform-5"),
                                    List.of());
                    run(
                            ops,
                            five,
                            new RunListener() {
                                private int last;

                                @Override
                                public void step(int step, int of, String phase, double seconds) {
                                    last = step;
                                }

                                @Override
                                public boolean wantsPreview() {
                                    return last == 2 || last == 4;
                                }

                                @Override
                                public void preview(int step, List<BufferedImage> pictures) {
                                    assertThat(pictures).hasSize(1);
                                    previews.add(step);
                                }
                            });
                    assertThat(previews).containsExactly(2, 4);
                });
    }

    @Test
    void run_adapterThatExplodes_isReportedNotDrawn() {
        Lora huge =
                Lora.of(Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors"))
                        .strength(1e30f);
        Fixture.onCpu(
                ops ->
                        assertThatThrownBy(
                                        () ->
                                                run(
                                                        ops,
                                                        request("uniform-2", 1, List.of(huge)),
                                                        SILENT))
                                .hasMessageContaining("NaN or infinite"));
    }

    @Test
    void run_badRequests_areRefusedByArgument() {
        Fixture.onCpu(
                ops -> {
                    Pipeline pipeline = pipeline(ops);
                    Settings good = request("uniform-2", 1, List.of());
                    assertThatThrownBy(() -> pipeline.run(sized(good, 60, 64), SILENT))
                            .hasMessageContaining("60x64")
                            .hasMessageContaining("multiples of 8");
                    assertThatThrownBy(() -> pipeline.run(prompted(good, List.of("  ")), SILENT))
                            .hasMessageContaining("prompt is empty");
                    assertThatThrownBy(() -> pipeline.run(prompted(good, List.of()), SILENT))
                            .hasMessageContaining("no prompt");
                });
    }

    private static Settings sized(Settings r, int width, int height) {
        return new Settings(
                r.prompts(),
                r.negative(),
                r.seed(),
                r.batch(),
                width,
                height,
                r.guidance(),
                r.plan(),
                r.loras());
    }

    private static Settings prompted(Settings r, List<String> prompts) {
        return new Settings(
                prompts,
                r.negative(),
                r.seed(),
                r.batch(),
                r.width(),
                r.height(),
                r.guidance(),
                r.plan(),
                r.loras());
    }
}

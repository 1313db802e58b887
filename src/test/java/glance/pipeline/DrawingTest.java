package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Lora;
import glance.api.RequestException;
import glance.api.Residency;
import glance.fixtures.Fixture;
import glance.fixtures.Runs;
import glance.io.ModelFolder;
import glance.ops.Ops;
import glance.schedule.PlanJson;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrawingTest {
    private static final RunListener SILENT = new RunListener() {};
    private static final Lora SLOW =
            Lora.of(Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors")).on("1");

    private static Settings setting(float guidance, String plan, Lora... loras) {
        return Runs.setting(List.of("a red circle", "three blue stars"), guidance)
                .with(PlanJson.find(plan), List.of(loras));
    }

    private static Pipeline pipeline(Ops ops) {
        return new Pipeline(ops, ModelFolder.open(Fixture.tinyModel()), Residency.RESIDENT);
    }

    @Test
    void runs_doNotInfluenceEachOther() {
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = pipeline(ops);
                            Drawing plain = pipeline.prepare(setting(4, "uniform-2"), SILENT);
                            Drawing adapted =
                                    pipeline.prepare(setting(4, "uniform-2", SLOW), SILENT)) {
                        float[] before = plain.denoise(1, 7).latents();
                        float[] other = adapted.denoise(1, 7).latents();
                        adapted.decode(other);
                        float[] after = plain.denoise(1, 7).latents();
                        assertThat(after).isEqualTo(before).isNotEqualTo(other);
                        assertThat(plain.denoise(0, 7).latents()).isNotEqualTo(before);
                        assertThat(plain.denoise(1, 8).latents()).isNotEqualTo(before);
                        assertThat(plain.plan().steps()).hasSize(2);
                    }
                });
    }

    @Test
    void runs_doNotGrowMemory() {
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = pipeline(ops)) {
                        long held = 0;
                        for (int i = 0; i < 4; i++) {
                            try (Drawing drawing =
                                    pipeline.prepare(setting(1, "uniform-1", SLOW), SILENT)) {
                                drawing.decode(drawing.denoise(0, i).latents());
                            }
                            long now = ops.device().memory().stats().scratchBytes();
                            assertThat(i == 0 || now == held).isTrue();
                            held = now;
                        }
                    }
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                });
    }

    @Test
    void adapterForStepsOutsideThePlan_isRefused() {
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = pipeline(ops)) {
                        assertThatThrownBy(
                                        () ->
                                                pipeline.prepare(
                                                        setting(1, "uniform-2", SLOW.on("slow")),
                                                        SILENT))
                                .isInstanceOf(RequestException.class)
                                .hasMessageContaining("has no phases");
                    }
                });
    }

    @Test
    void closedDrawing_isRefusedInWords() {
        Fixture.onCpu(
                ops -> {
                    try (Pipeline pipeline = pipeline(ops)) {
                        Drawing drawing = pipeline.prepare(setting(1, "uniform-1"), SILENT);
                        drawing.close();
                        assertThatThrownBy(() -> drawing.denoise(0, 1))
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageContaining("closed");
                    }
                });
    }
}

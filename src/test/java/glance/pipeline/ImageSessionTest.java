package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import glance.lora.LoraSpec;
import glance.schedule.Plans;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageSessionTest {
    private static final RunListener SILENT = new RunListener() {};
    private static final LoraSpec SLOW =
            new LoraSpec(
                    Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors"), 1, "1");

    private static ImageSession.Setting setting(float guidance) {
        return new ImageSession.Setting(
                List.of("a red circle", "three blue stars"),
                " ",
                64,
                64,
                new Guidance(guidance, true));
    }

    private static ModelFolder tiny() {
        return ModelFolder.open(Fixture.tinyModel());
    }

    @Test
    void runs_doNotInfluenceEachOther() {
        Fixture.onCpu(
                ops -> {
                    try (ImageSession session = new ImageSession(ops, tiny(), setting(4), SILENT)) {
                        ImageSession.Recipe plain =
                                session.recipe(Plans.find("uniform-2"), List.of());
                        ImageSession.Recipe adapted =
                                session.recipe(Plans.find("uniform-2"), List.of(SLOW));
                        float[] before = session.denoise(1, 7, plain).latents();
                        float[] other = session.denoise(1, 7, adapted).latents();
                        session.decode(other);
                        float[] after = session.denoise(1, 7, plain).latents();
                        assertThat(after).isEqualTo(before).isNotEqualTo(other);
                        assertThat(session.denoise(0, 7, plain).latents()).isNotEqualTo(before);
                        assertThat(session.denoise(1, 8, plain).latents()).isNotEqualTo(before);
                        assertThat(plain.steps()).isEqualTo(2);
                    }
                });
    }

    @Test
    void runs_doNotGrowMemory() {
        Fixture.onCpu(
                ops -> {
                    try (ImageSession session = new ImageSession(ops, tiny(), setting(1), SILENT)) {
                        ImageSession.Recipe recipe =
                                session.recipe(Plans.find("uniform-1"), List.of(SLOW));
                        session.decode(session.denoise(0, 1, recipe).latents());
                        long held = ops.device().memory().stats().scratchBytes();
                        for (int i = 0; i < 3; i++) {
                            session.decode(session.denoise(0, i, recipe).latents());
                        }
                        assertThat(ops.device().memory().stats().scratchBytes()).isEqualTo(held);
                    }
                    assertThat(ops.device().memory().stats().scratchBytes()).isZero();
                });
    }

    @Test
    void adapterForStepsOutsideThePlan_isRefused() {
        Fixture.onCpu(
                ops -> {
                    try (ImageSession session = new ImageSession(ops, tiny(), setting(1), SILENT)) {
                        assertThatThrownBy(
                                        () ->
                                                session.recipe(
                                                        Plans.find("uniform-2"),
                                                        List.of(SLOW.at("slow"))))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining("has no phases");
                    }
                });
    }
}

package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Comparison.Run;
import glance.api.Lora;
import glance.api.Plans;
import glance.schedule.PlanJson;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class PresetTest {
    private static final Preset.Experts EXPERTS =
            new Preset.Experts(Lora.of(Path.of("s")), Lora.of(Path.of("f")).strength(0.5f));

    private static List<String> adapters(Run run) {
        return run.loras().stream().map(Lora::toString).toList();
    }

    private static Run named(List<Run> runs, String name) {
        return runs.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void controls_haveTheControlsThatThePaperLacks() {
        List<Run> all = Preset.CONTROLS.runs(PlanJson.find("glance"), EXPERTS);
        assertThat(all)
                .extracting(Run::name)
                .containsExactly(
                        "base-uniform-10",
                        "base",
                        "slow-only",
                        "fast-only",
                        "slow+fast",
                        "swapped",
                        "slow-everywhere",
                        "fast-everywhere");
        assertThat(named(all, "base-uniform-10").plan()).isEqualTo(Plans.uniform(10));
        assertThat(named(all, "base").plan()).isEqualTo(PlanJson.find("glance"));
        assertThat(adapters(named(all, "base"))).isEmpty();
        assertThat(adapters(named(all, "slow+fast"))).containsExactly("s@slow", "f:0.5@fast");
        assertThat(adapters(named(all, "swapped"))).containsExactly("s@fast", "f:0.5@slow");
        assertThat(adapters(named(all, "slow-everywhere"))).containsExactly("s@1-10");
    }

    @Test
    void sweep_movesTheSwitchFromEndToEnd() {
        List<Run> all = Preset.SWEEP.runs(PlanJson.find("glance-8"), EXPERTS);
        assertThat(all).hasSize(9);
        assertThat(adapters(all.get(0))).containsExactly("f:0.5@1-8");
        assertThat(adapters(all.get(3))).containsExactly("s@1-3", "f:0.5@4-8");
        assertThat(adapters(all.get(8))).containsExactly("s@1-8");
    }

    @Test
    void speed_setsAdaptersBesideThePairAndThePlainSteps() {
        Lora lightning = Lora.of(Path.of("Qwen-Image-Lightning-8steps-V1.1.safetensors"));
        Preset.Experts experts =
                new Preset.Experts(EXPERTS.slow(), EXPERTS.fast(), List.of(lightning));
        List<Run> runs = Preset.SPEED.runs(Plans.GLANCE, experts);
        assertThat(runs)
                .extracting(Run::name)
                .containsExactly("uniform-8", "uniform-10", "glance", "lightning-8");
        assertThat(runs.get(2).loras()).hasSize(2);
        assertThat(runs.get(3).plan()).isEqualTo(Plans.of("lightning-8"));
        assertThat(runs.get(3).loras()).containsExactly(lightning);
        assertThatThrownBy(
                        () ->
                                Preset.SPEED.runs(
                                        Plans.GLANCE,
                                        new Preset.Experts(
                                                EXPERTS.slow(),
                                                EXPERTS.fast(),
                                                List.of(Lora.of(Path.of("fast8.safetensors"))))))
                .hasMessageContaining("its name says no plan; use --run NAME=PLAN,FILE");
    }

    @Test
    void planWithoutPhases_isRefused() {
        assertThatThrownBy(() -> Preset.SWEEP.runs(PlanJson.find("full"), EXPERTS))
                .hasMessage("plan full: has no phase slow; use glance");
    }
}

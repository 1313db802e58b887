package glance.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.io.Config;
import glance.io.SafetensorsFile;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.Mu;
import glance.schedule.PhasePlan;
import glance.schedule.PlanJson;
import glance.schedule.Step;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlansTest {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));
    private static final Path TINY =
            Path.of(System.getProperty("glance.weights"), "glance-tiny", "scheduler");

    @TempDir Path folder;

    /** Runs of the reference pipeline; 64 and 96 image tokens at 64x64 and 96x64. */
    @ParameterizedTest
    @CsvSource({
        "full, full, 64",
        "uniform-10, uniform-10, 64",
        "glance, glance, 64",
        "glance-wide, glance, 96",
        "glance-experts, glance, 64"
    })
    void find_preset_hasTheSigmasOfTheReferenceRun(String run, String name, int imageSeqLen) {
        PhasePlan plan = PhasePlan.of(PlanJson.find(name), schedule(TINY), imageSeqLen);
        Path file = FIXTURES.resolve("glance-tiny-pipeline/case.safetensors");
        try (SafetensorsFile reference = SafetensorsFile.open(file)) {
            FloatBuffer want = reference.data("out." + run + ".sigmas").asFloatBuffer();
            assertThat(FloatBuffer.wrap(plan.sigmas())).isEqualTo(want);
        }
    }

    /** Kept steps of the 50 at 1024x1024 as published, to the four decimals given there. */
    @Test
    void find_glance_hasThePublishedTimesteps() {
        assertTimesteps(
                "qwen-image",
                1000.0000,
                979.1915,
                957.5157,
                934.9171,
                911.3354,
                886.7053,
                745.0728,
                562.9505,
                320.0802,
                20.0000);
        assertTimesteps(
                "flux.1-dev",
                1000.0000,
                986.9786,
                973.2042,
                958.6094,
                943.1188,
                926.6473,
                825.7017,
                677.9868,
                441.1997,
                60.5503);
    }

    @Test
    void find_glance_isSlowThenFast() {
        assertPhases("glance", 5, 5);
        assertPhases("glance-8", 3, 5);
        assertPhases("glance-15", 5, 10);
    }

    /** All three switch from slow to fast at the same noise level. */
    @Test
    void find_glanceVariants_shareTheEndsOfTheirPhases() {
        FlowMatchSchedule schedule = schedule(TINY);
        List<Step> glance = PhasePlan.of(PlanJson.find("glance"), schedule, 64).steps();
        for (String name : List.of("glance-8", "glance-15")) {
            List<Step> steps = PhasePlan.of(PlanJson.find(name), schedule, 64).steps();
            for (String phase : List.of("slow", "fast")) {
                assertThat(ends(steps, phase)).isEqualTo(ends(glance, phase));
            }
        }
    }

    @Test
    void find_plansWithoutPhases_nameNone() {
        assertThat(PhasePlan.of(PlanJson.find("full"), schedule(TINY), 64).phases()).isEmpty();
        assertThat(PhasePlan.of(PlanJson.find("uniform-1"), schedule(TINY), 64).sigmas())
                .containsExactly(1f, 0f);
    }

    @Test
    void find_file_readsIt() throws Exception {
        Path file = Files.writeString(folder.resolve("mine.json"), "{\"of\": 2}");
        assertThat(PlanJson.find(file.toString()))
                .isEqualTo(new Plan("mine", Plan.GridSteps.all(2), List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"uniform-0", "uniform-1001", "uniform-999999999"})
    void find_uniformOutOfRange_isRefused(String name) {
        assertThatThrownBy(() -> PlanJson.find(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("plan '" + name + "': N must be 1 to 1000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"glance-9", "uniform-", "uniform-x", "missing.json", ""})
    void find_unknown_listsTheNames(String name) {
        assertThatThrownBy(() -> PlanJson.find(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("plan '" + name + "'")
                .hasMessageContaining("full, uniform-N, glance, glance-8, glance-15, lightning-4");
    }

    /** As the scheduler gives them to which the adapter's authors hand a shift of ln 3. */
    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void lightning_hasTheLevelsOfItsScheduler(int steps) {
        double mu = Math.log(3);
        FlowMatchSchedule schedule =
                new FlowMatchSchedule(
                        1000,
                        1,
                        true,
                        Mu.constant(mu),
                        0,
                        FlowMatchSchedule.TimeShift.EXPONENTIAL,
                        FlowMatchSchedule.Spacing.UNIT);
        float[] want = schedule.sigmas(steps, 4096);
        float[] got = PhasePlan.of(Plans.of("lightning-" + steps), (n, tokens) -> null, 1).sigmas();
        assertThat(got).hasSameSizeAs(want);
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], within(2e-7f));
        }
        assertThat(Plans.of("lightning-4").advice().guidance()).isEqualTo(1);
    }

    private static List<Float> ends(List<Step> steps, String phase) {
        List<Float> sigmas =
                steps.stream().filter(s -> phase.equals(s.phase())).map(Step::sigma).toList();
        return List.of(sigmas.get(0), sigmas.get(sigmas.size() - 1));
    }

    private static void assertPhases(String name, int slow, int fast) {
        List<String> expected = new java.util.ArrayList<>(Collections.nCopies(slow, "slow"));
        expected.addAll(Collections.nCopies(fast, "fast"));
        List<Step> steps = PhasePlan.of(PlanJson.find(name), schedule(TINY), 64).steps();
        assertThat(steps).extracting(Step::phase).isEqualTo(expected);
    }

    private static void assertTimesteps(String family, double... want) {
        FlowMatchSchedule schedule = schedule(FIXTURES.resolve("flow-match-schedule/" + family));
        double[] got =
                PhasePlan.of(PlanJson.find("glance"), schedule, 4096).steps().stream()
                        .mapToDouble(step -> schedule.timestep(step.sigma()))
                        .toArray();
        assertThat(got).as("%s", Arrays.toString(got)).containsExactly(want, within(5.1e-5));
    }

    private static FlowMatchSchedule schedule(Path folder) {
        return FlowMatchSchedule.read(Config.read(folder.resolve("scheduler_config.json")));
    }
}

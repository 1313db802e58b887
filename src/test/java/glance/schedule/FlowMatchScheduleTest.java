package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.FormatException;
import glance.io.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlowMatchScheduleTest {
    private static final Path FIXTURES = Path.of(System.getProperty("glance.fixtures"));

    @TempDir Path folder;

    static Stream<Arguments> cases() throws IOException {
        Path file = FIXTURES.resolve("flow-match-schedule/case.json");
        JsonNode cases = new ObjectMapper().readTree(file.toFile()).get("cases");
        return StreamSupport.stream(cases.spliterator(), false)
                .map(
                        node ->
                                Arguments.of(
                                        node.get("family").asText(),
                                        node.get("steps").asInt(),
                                        node.get("image_seq_len").asInt(),
                                        node.get("sigmas"),
                                        node.get("timesteps")));
    }

    /**
     * No tolerance: sums, products and quotients are IEEE operations in both places, and exp(mu) is
     * rounded from float64 to float32.
     */
    @ParameterizedTest(name = "{0}, {1} steps, {2} tokens")
    @MethodSource("cases")
    void sigmas_equalTheReference(
            String family, int steps, int imageSeqLen, JsonNode sigmas, JsonNode timesteps) {
        FlowMatchSchedule schedule = family(family);
        float[] got = schedule.sigmas(steps, Math.max(imageSeqLen, 1));
        assertThat(got).hasSize(sigmas.size());
        for (int i = 0; i < got.length; i++) {
            float want = (float) sigmas.get(i).asDouble();
            assertThat(got[i]).as("sigma %d", i).isEqualTo(want);
            if (i < timesteps.size()) {
                float timestep = (float) timesteps.get(i).asDouble();
                assertThat(schedule.timestep(got[i])).as("timestep %d", i).isEqualTo(timestep);
            }
        }
    }

    @Test
    void sigmas_oneStepWithTerminal_goesFromOneToZero() {
        assertThat(family("qwen-image").sigmas(1, 64)).containsExactly(1f, 0f);
    }

    @Test
    void sigmas_linearTimeShift_usesMuItself() {
        FlowMatchSchedule schedule =
                read("{\"use_dynamic_shifting\": true, \"time_shift_type\": \"linear\"}");
        // mu = 0.5 at 256 tokens: 0.5 / (0.5 + 1 / 0.5 - 1)
        assertThat(schedule.sigmas(2, 256)[1]).isEqualTo(1f / 3f);
    }

    @Test
    void sigmas_emptyConfig_isTheEvenGrid() {
        assertThat(read("{}").sigmas(4, 1)).containsExactly(1f, 0.75f, 0.5f, 0.25f, 0f);
    }

    @Test
    void sigmas_noSteps_isRefused() {
        assertThatThrownBy(() -> read("{}").sigmas(0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("steps must be at least 1, got 0");
        assertThatThrownBy(() -> read("{}").sigmas(1, 0))
                .hasMessage("imageSeqLen must be at least 1, got 0");
    }

    @Test
    void sigmas_shiftLeavesNoDistance_isRefused() {
        FlowMatchSchedule schedule = read("{\"use_dynamic_shifting\": true}");
        assertThatThrownBy(() -> schedule.sigmas(50, 262_144))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("262144 image tokens: the scheduler's shift (mu = ")
                .hasMessageContaining("make a smaller picture");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "use_karras_sigmas",
                "use_exponential_sigmas",
                "use_beta_sigmas",
                "invert_sigmas",
                "stochastic_sampling"
            })
    void read_unsupportedFlag_isRefusedByName(String key) {
        assertThatThrownBy(() -> read("{\"" + key + "\": true}"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(key)
                .hasMessageContaining("true is not supported");
        assertThat(read("{\"" + key + "\": false}").numTrainTimesteps()).isEqualTo(1000);
    }

    @Test
    void read_unsupportedValue_isRefusedByName() {
        assertThatThrownBy(() -> read("{\"time_shift_type\": \"cubic\"}"))
                .hasMessageContaining("time_shift_type")
                .hasMessageContaining("cubic");
        assertThatThrownBy(() -> read("{\"_class_name\": \"DDIMScheduler\"}"))
                .hasMessageContaining("_class_name")
                .hasMessageContaining("DDIMScheduler");
    }

    @Test
    void read_impossibleValue_isRefusedByName() {
        List.of("\"shift\": 0", "\"shift_terminal\": 1", "\"max_image_seq_len\": 256")
                .forEach(
                        entry ->
                                assertThatThrownBy(() -> read("{" + entry + "}"))
                                        .isInstanceOf(FormatException.class)
                                        .hasMessageContaining(entry.split("\"")[1]));
    }

    private static FlowMatchSchedule family(String family) {
        Path file =
                FIXTURES.resolve("flow-match-schedule")
                        .resolve(family)
                        .resolve("scheduler_config.json");
        FlowMatchSchedule schedule = FlowMatchSchedule.read(Config.read(file));
        return family.equals("sd3")
                ? schedule.withSpacing(FlowMatchSchedule.Spacing.TRAINED)
                : schedule;
    }

    private FlowMatchSchedule read(String json) {
        try {
            Path file = Files.writeString(folder.resolve("scheduler_config.json"), json);
            return FlowMatchSchedule.read(Config.read(file));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}

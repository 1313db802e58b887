package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import glance.api.FormatException;
import glance.io.Config;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DdimScheduleTest {
    private static final String PUBLISHED =
            "{\"_class_name\": \"DDIMScheduler\", \"beta_start\": 0.0001, \"beta_end\": 0.02,"
                    + " \"beta_schedule\": \"linear\", \"clip_sample\": false}";

    private static DdimSchedule read(String json) {
        return DdimSchedule.read(Config.parse(null, null, json));
    }

    /** abar of the paper, multiplied out. */
    private static double signal(int timestep) {
        double product = 1;
        for (int t = 0; t <= timestep; t++) {
            product *= 1 - (1e-4 + t * (0.02 - 1e-4) / 999);
        }
        return product;
    }

    @Test
    void sigmas_areThoseOfLeadingTimesteps() {
        float[] sigmas = read(PUBLISHED).sigmas(50, 256);
        assertThat(sigmas).hasSize(51);
        for (int i = 0; i < 50; i++) {
            double abar = signal(980 - 20 * i);
            double want = Math.sqrt(1 - abar) / (Math.sqrt(abar) + Math.sqrt(1 - abar));
            assertThat((double) sigmas[i]).isCloseTo(want, within(1e-7));
        }
        assertThat(sigmas[50]).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 50, 250, 1000})
    void timestep_ofEveryGrid_isWhole(int steps) {
        DdimSchedule schedule = read(PUBLISHED);
        float[] sigmas = schedule.sigmas(steps, 1);
        for (int i = 0; i < steps; i++) {
            assertThat(schedule.timestep(sigmas[i])).isEqualTo((steps - 1 - i) * (1000 / steps));
        }
    }

    @Test
    void timestep_betweenTwoLevels_liesBetween() {
        DdimSchedule schedule = read(PUBLISHED);
        float[] sigmas = schedule.sigmas(1000, 1);
        float between = (sigmas[499] + sigmas[500]) / 2;
        assertThat(schedule.timestep(between)).isBetween(499.4f, 499.6f);
    }

    @Test
    void timestep_beyondTraining_isRefused() {
        DdimSchedule schedule = read(PUBLISHED);
        assertThatThrownBy(() -> schedule.timestep(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("noise level 1.0: this model was trained for levels up to");
    }

    @Test
    void sigmas_moreThanTimesteps_areRefused() {
        DdimSchedule schedule = read(PUBLISHED);
        assertThatThrownBy(() -> schedule.sigmas(1001, 1))
                .hasMessage("steps must be 1 to 1000 for this model, got 1001");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"_class_name\": \"PNDMScheduler\", \"clip_sample\": false}",
                "{\"clip_sample\": false, \"beta_schedule\": \"scaled_linear\"}",
                "{\"clip_sample\": false, \"prediction_type\": \"v_prediction\"}",
                "{\"clip_sample\": false, \"set_alpha_to_one\": false}",
                "{\"clip_sample\": false, \"trained_betas\": [0.1]}",
                "{\"clip_sample\": false, \"beta_end\": 1.5}",
                "{\"clip_sample\": true}",
                "{}"
            })
    void read_whatItDoesNotDo_isRefused(String json) {
        assertThatThrownBy(() -> read(json)).isInstanceOf(FormatException.class);
    }
}

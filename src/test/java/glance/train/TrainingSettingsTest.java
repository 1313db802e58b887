package glance.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.AdamWSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingSettingsTest {
    private static TrainingSettings with(int warmup, int accumulation, float dropout, float norm) {
        return new TrainingSettings(
                List.of("to_q"),
                4,
                4,
                0.5f,
                warmup,
                10,
                accumulation,
                dropout,
                norm,
                AdamWSettings.defaults(),
                true,
                1);
    }

    @Test
    void rateAt_withoutWarmUp_isConstant() {
        TrainingSettings settings = with(0, 1, 0, 1);
        assertThat(settings.rateAt(1)).isEqualTo(0.5f);
        assertThat(settings.rateAt(10)).isEqualTo(0.5f);
    }

    @Test
    void rateAt_warmUp_risesLinearlyAndStays() {
        TrainingSettings settings = with(4, 1, 0, 1);
        assertThat(settings.rateAt(1)).isEqualTo(0.125f);
        assertThat(settings.rateAt(2)).isEqualTo(0.25f);
        assertThat(settings.rateAt(3)).isEqualTo(0.375f);
        assertThat(settings.rateAt(4)).isEqualTo(0.5f);
        assertThat(settings.rateAt(1000)).isEqualTo(0.5f);
    }

    @Test
    void settings_outOfRange_areNamed() {
        assertThatThrownBy(() -> with(-1, 1, 0, 1)).hasMessageContaining("warm-up steps");
        assertThatThrownBy(() -> with(0, 0, 0, 1)).hasMessageContaining("accumulation");
        assertThatThrownBy(() -> with(0, 1, 1.5f, 1)).hasMessageContaining("caption dropout");
        assertThatThrownBy(() -> with(0, 1, 0, 0)).hasMessageContaining("max grad norm");
        assertThatThrownBy(() -> with(0, 1, 0, Float.NaN)).hasMessageContaining("max grad norm");
    }
}

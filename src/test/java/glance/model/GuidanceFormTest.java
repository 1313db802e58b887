package glance.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GuidanceFormTest {
    @ParameterizedTest
    @EnumSource
    void scale_isOneWhereGuidanceIsOff(GuidanceForm form) {
        assertThat(form.scale(form.off())).isEqualTo(1);
        assertThat(form.number(form.scale(3.5f))).isEqualTo(3.5f);
        assertThat(GuidanceForm.offAt(form.off())).isEqualTo(form);
    }

    /** {@code v + 4 (v - n) = n + 5 (v - n)}. */
    @Test
    void scale_beyondThePrompt_isOneMore() {
        assertThat(GuidanceForm.BEYOND_PROMPT.scale(4)).isEqualTo(5);
        assertThat(GuidanceForm.FROM_NEGATIVE.scale(4)).isEqualTo(4);
    }
}

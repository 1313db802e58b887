package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PhasePlanTest {
    @Test
    void sigmas_endWithZero() {
        PhasePlan plan =
                new PhasePlan(
                        "two", List.of(new Step(1, 1f, 0.5f, "slow"), new Step(2, 0.5f, 0f, null)));
        assertThat(plan.sigmas()).containsExactly(1f, 0.5f, 0f);
        assertThat(plan.phases()).containsExactly("slow");
    }

    @Test
    void steps_thatAreNoDescentToZero_areRefused() {
        refused(List.of(), "has no steps");
        refused(List.of(new Step(1, 1f, 0.5f, null)), "must end at noise level 0, got 0.5");
        refused(List.of(new Step(2, 1f, 0f, null)), "step 1 must have that number");
        refused(List.of(new Step(1, 2f, 0f, null)), "step 1 must");
        refused(List.of(new Step(1, Float.NaN, 0f, null)), "step 1 must");
        refused(
                List.of(new Step(1, 1f, 0.5f, null), new Step(2, 0.4f, 0f, null)),
                "step 2 must have that number and go down from 0.5");
        refused(
                List.of(new Step(1, 1f, 0.5f, null), new Step(2, 0.5f, 0.5f, null)),
                "step 2 must have that number and go down from 0.5");
    }

    private static void refused(List<Step> steps, String message) {
        assertThatThrownBy(() -> new PhasePlan("bad", steps))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("plan bad: ")
                .hasMessageContaining(message);
    }
}

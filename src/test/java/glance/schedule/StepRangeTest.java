package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepRangeTest {
    private static final PhasePlan GLANCE = Plans.find("glance").resolve(evenSchedule(), 1);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "3 | 3",
                "1-5 | 1 2 3 4 5",
                "1-3,7 | 1 2 3 7",
                "7, 1-3, 2 | 1 2 3 7",
                "10 | 10",
                "slow | 1 2 3 4 5",
                "fast | 6 7 8 9 10",
                "fast,1 | 1 6 7 8 9 10"
            })
    void parse_valid_listsTheSteps(String text, String steps) {
        List<Integer> want = Arrays.stream(steps.split(" ")).map(Integer::valueOf).toList();
        assertThat(new ArrayList<>(StepRange.parse(text, GLANCE))).isEqualTo(want);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | step 0 is not in plan glance, which has steps 1 to 10",
                "1-11 | step 11 is not in plan glance, which has steps 1 to 10",
                "1-999999999 | step 999999999 is not in plan",
                "99999999999 | '99999999999' is neither a step",
                "5-3 | 5-3 runs backwards; write 3-5",
                "middle | 'middle' is neither a step, a range such as 1-5, nor a phase; plan glance"
                        + " has the phases slow, fast",
                "1-3, | '' is neither a step",
                "-3 | '-3' is neither a step",
                "1-2-3 | '1-2-3' is neither a step",
                "1.5 | '1.5' is neither a step"
            })
    void parse_invalid_saysWhy(String text, String message) {
        assertThatThrownBy(() -> StepRange.parse(text, GLANCE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("steps '" + text + "': ")
                .hasMessageContaining(message);
    }

    @Test
    void parse_empty_isRefused() {
        assertThatThrownBy(() -> StepRange.parse("", GLANCE))
                .hasMessageContaining("neither a step");
    }

    @Test
    void parse_phaseOfAPlanWithout_saysSo() {
        PhasePlan plan = Plans.find("uniform-4").resolve(evenSchedule(), 1);
        assertThatThrownBy(() -> StepRange.parse("slow", plan))
                .hasMessageContaining("plan uniform-4 has no phases");
    }

    private static FlowMatchSchedule evenSchedule() {
        return FlowMatchSchedule.read(glance.io.Config.parse(null, null, "{}"));
    }
}

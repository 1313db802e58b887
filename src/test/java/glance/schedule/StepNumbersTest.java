package glance.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Steps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StepNumbersTest {
    private static final PhasePlan GLANCE =
            PhasePlan.of(PlanJson.find("glance"), evenSchedule(), 1);

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
                "fast,1 | 1 6 7 8 9 10",
                "0%-25% | 1 2",
                "25%-100% | 3 4 5 6 7 8 9 10",
                "0%-5% | ''",
                "33.3%-50%,1 | 1 4 5",
                "sigma=1..0.8 | 1 2 3 4 5",
                "sigma=0.8..1 | 1 2 3 4 5",
                "sigma=0.8..0 | 6 7 8 9 10",
                "sigma=.2..0 | 9 10"
            })
    void parse_valid_listsTheSteps(String text, String steps) {
        List<Integer> want =
                steps.isEmpty()
                        ? List.of()
                        : Arrays.stream(steps.split(" ")).map(Integer::valueOf).toList();
        assertThat(new ArrayList<>(StepNumbers.of(Steps.parse(text), GLANCE))).isEqualTo(want);
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
                "25%-0% | a share of the run must rise",
                "0%-101% | a share of the run must rise",
                "sigma=1..1 | have nothing between them",
                "sigma=1 | 'sigma=1' is neither",
                "-3 | '-3' is neither a step",
                "1-2-3 | '1-2-3' is neither a step",
                "1.5 | '1.5' is neither a step"
            })
    void parse_invalid_saysWhy(String text, String message) {
        assertThatThrownBy(() -> StepNumbers.of(Steps.parse(text), GLANCE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("steps '" + text + "': ")
                .hasMessageContaining(message);
    }

    @Test
    void parse_empty_isRefused() {
        assertThatThrownBy(() -> Steps.parse("")).hasMessageContaining("neither a step");
    }

    @Test
    void parse_phaseOfAPlanWithout_saysSo() {
        PhasePlan plan = PhasePlan.of(PlanJson.find("uniform-4"), evenSchedule(), 1);
        assertThatThrownBy(() -> StepNumbers.of(Steps.parse("slow"), plan))
                .hasMessageContaining("plan uniform-4 has no phases");
    }

    private static FlowMatchSchedule evenSchedule() {
        return FlowMatchSchedule.read(glance.io.Config.parse(null, null, "{}"));
    }
}

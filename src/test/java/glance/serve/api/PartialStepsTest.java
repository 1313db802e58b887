package glance.serve.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartialStepsTest {
    @ParameterizedTest
    @CsvSource({
        "10, 3, 2 4 7",
        "10, 1, 2",
        "10, 0, ''",
        "50, 3, 2 18 34",
        "4, 3, 2 3",
        "3, 3, 2",
        "2, 2, 1",
        "1, 3, ''",
        "6, 100, 2 3 4 5"
    })
    void first_isTheSecondStep_othersAreEven_neverTheLast(int steps, int count, String wanted) {
        List<Integer> all =
                wanted.isEmpty()
                        ? List.of()
                        : Arrays.stream(wanted.split(" "))
                                .map(Integer::valueOf)
                                .collect(Collectors.toList());
        assertThat(
                        IntStream.rangeClosed(1, steps)
                                .filter(step -> PartialSteps.isOne(step, steps, count))
                                .boxed())
                .isEqualTo(all);
    }
}

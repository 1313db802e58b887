package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Outcome;
import glance.api.Outcome.Distance;
import glance.api.SceneScore;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepsChartTest {
    private static Optional<BufferedImage> chart(Map<String, Integer> runs, SceneScore score) {
        List<Outcome> outcomes = new ArrayList<>();
        for (long seed = 0; seed < 2; seed++) {
            outcomes.add(new Outcome("teacher", 0, seed, 50, 100, 1, null, score));
            for (Map.Entry<String, Integer> run : runs.entrySet()) {
                Distance distance = new Distance(20 + run.getValue() + seed, 1, 0);
                outcomes.add(
                        new Outcome(run.getKey(), 0, seed, run.getValue(), 2, 1, distance, score));
            }
        }
        return StepsChart.of(Summary.of(outcomes, "teacher"));
    }

    @Test
    void runsThatDifferInTheirLastNumber_areALine() {
        Map<String, Integer> runs = Map.of("uniform-4", 4, "uniform-6", 6, "other", 3);
        SceneScore right = new SceneScore(true, true, true, true, null);
        assertThat(chart(runs, right)).get().extracting(BufferedImage::getWidth).isEqualTo(900);
        assertThat(chart(runs, null)).isPresent();
    }

    @Test
    void runsWithoutAPartner_areNoChart() {
        assertThat(chart(Map.of("uniform-4", 4, "glance-8", 8, "both", 10), null)).isEmpty();
    }
}

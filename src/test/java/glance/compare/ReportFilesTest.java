package glance.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.Comparison;
import glance.api.Comparison.Run;
import glance.api.Outcome;
import glance.api.Outcome.Distance;
import glance.api.Plans;
import glance.api.Request;
import glance.api.SceneScore;
import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportFilesTest {
    private static final String PROMPT = "a \"red\" circle, | big";

    /** Two seeds; the run is equal to the teacher at the first and apart at the second. */
    private static ReportFiles report() {
        ComparisonRequest request =
                ComparisonRequest.of(
                        Comparison.of(Request.of(PROMPT).seed(1).batch(2))
                                .run(new Run("short", Plans.uniform(2), List.of())),
                        ModelFolder.open(Fixture.tinyModel()));
        SceneScore right = new SceneScore(true, true, true, true, null);
        SceneScore wrong = new SceneScore(true, true, false, true, null);
        List<Outcome> outcomes = new ArrayList<>();
        for (long seed = 1; seed <= 2; seed++) {
            outcomes.add(new Outcome("teacher", 0, seed, 50, 100, 2, null, right));
            Distance distance =
                    seed == 1
                            ? new Distance(Double.POSITIVE_INFINITY, 1, 0)
                            : new Distance(20, 0.5, 0.25);
            SceneScore score = seed == 1 ? right : wrong;
            outcomes.add(new Outcome("short", 0, seed, 2, 4, 0.1 * seed, distance, score));
        }
        return new ReportFiles(request, Map.of("model", "tiny"), outcomes);
    }

    @Test
    void csv_hasARowForEachPicture() {
        assertThat(report().csv().split("\r\n"))
                .containsExactly(
                        "run,prompt_number,prompt,seed,steps,forward_passes,seconds,unseen_pair,psnr,ssim,"
                                + "latent_error,background,colors,shapes,count,layout,all_right",
                        "teacher,1,\"a \"\"red\"\" circle, | big\",1,50,100,2.0,,,,,1,1,1,1,,1",
                        "short,1,\"a \"\"red\"\" circle, | big\",1,2,4,0.1,,inf,1.0,0.0,1,1,1,1,,1",
                        "teacher,1,\"a \"\"red\"\" circle, | big\",2,50,100,2.0,,,,,1,1,1,1,,1",
                        "short,1,\"a \"\"red\"\" circle, | big\",2,2,4,0.2,,20.0,0.5,0.25,1,1,0,1,,0");
    }

    @Test
    void markdown_hasMeanAndSpreadOverSeeds() {
        assertThat(report().markdown("sheet.png"))
                .contains(
                        "- model: tiny",
                        "| run | steps | passes | seconds | PSNR dB | SSIM | latent error |",
                        "| short | 2 | 4 | 0.15 | inf |",
                        "| 0.750 ± 0.250 | 0.125 ± 0.125 |",
                        "| 50 ± 50.0 | 0 | 1 | 1.000 |",
                        "± standard error over seeds; won: all right here and not in teacher",
                        "| short | uniform-2 | none |",
                        "\n1. a \"red\" circle, \\| big\n",
                        "](sheet.png)");
    }

    @Test
    void json_hasSettingsSummariesAndPictures() throws IOException {
        JsonNode root = new ObjectMapper().readTree(report().json());
        assertThat(root.at("/about/model").asText()).isEqualTo("tiny");
        JsonNode run = root.at("/runs/1");
        assertThat(run.at("/name").asText()).isEqualTo("short");
        assertThat(run.at("/plan/of").asInt()).isEqualTo(2);
        assertThat(run.at("/ssim/mean").asDouble()).isEqualTo(0.75);
        assertThat(run.at("/psnr/mean").isNull()).isTrue();
        assertThat(run.at("/shapes/mean").asDouble()).isEqualTo(50);
        assertThat(run.at("/paired/lost").asInt()).isEqualTo(1);
        assertThat(root.at("/runs/0/paired").isMissingNode()).isTrue();
        assertThat(root.at("/pictures")).hasSize(4);
        assertThat(root.at("/pictures/3/latent_error").asDouble()).isEqualTo(0.25);
        assertThat(root.at("/pictures/3/shapes").asBoolean()).isFalse();
        assertThat(root.at("/pictures/3/layout").isNull()).isTrue();
    }
}

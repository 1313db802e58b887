package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class BenchCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void denoise_timesEveryStepAndTheSwitch() throws IOException {
        JsonNode result = json("bench", "denoise", "--size", "32x32", "--rank", "2", "--json");
        assertThat(result.get("model").asText()).isEqualTo("glance-tiny");
        assertThat(result.get("stepSeconds")).hasSize(10);
        assertThat(result.get("medianStepSeconds").asDouble()).isPositive();
        assertThat(result.get("switchSeconds")).as("slow to fast").hasSize(1);
        assertThat(result.get("memory")).hasSize(3);
        assertThat(result.get("memory").get(1).get("weightBytes").asLong())
                .isGreaterThan(13_000_000);
    }

    @Test
    void denoise_randomWeights_needOnlyConfigs() throws IOException {
        JsonNode result =
                json(
                        "bench",
                        "denoise",
                        "--random",
                        "--size",
                        "32x32",
                        "--plan",
                        "uniform-2",
                        "--json");
        assertThat(result.get("model").asText()).isEqualTo("glance-tiny, random weights");
        assertThat(result.get("stepSeconds")).hasSize(2);
    }

    @Test
    void memory_ofAPublishedModel_isThatOfItsSize() throws IOException {
        JsonNode result = json("bench", "memory", "--family", "qwen-image", "--json");
        assertThat(result.get("width").asInt()).isEqualTo(1024);
        long transformer = result.get("parts").get(1).get("weightBytes").asLong();
        assertThat(transformer).as("20.4 billion parameters in BF16").isEqualTo(40_860_802_176L);
    }

    @Test
    void wrongUse_isExplained() {
        assertThat(run("bench")).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("denoise or memory");
        err.reset();
        assertThat(run("bench", "memory", "--family", "x")).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("--family: layout 'x': expected one of qwen-image");
        err.reset();
        assertThat(run("bench", "denoise", "--size", "1x")).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("expected WIDTHxHEIGHT");
    }

    private JsonNode json(String... args) throws IOException {
        assertThat(run(args)).as(err.toString()).isZero();
        return new ObjectMapper().readTree(out.toByteArray());
    }

    private int run(String... args) {
        return Engine.run(
                new PrintStream(out, true), new PrintStream(err, true), new StopRequest(), args);
    }
}

package glance.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.api.DeviceInfo;
import glance.backend.Devices;
import glance.cli.Engine;
import glance.cli.common.ExitCode;
import glance.cli.common.StopRequest;
import glance.fixtures.TinyDit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
                .as("without the layers that only conditioning reads")
                .isGreaterThan(9_000_000);
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
    void denoise_tellsFewerStepsAndFasterStepsApart(@TempDir Path folder) throws IOException {
        Path before = folder.resolve("before.json");
        String[] denoise = {"bench", "denoise", "--random", "--size=32x32", "--json"};
        Files.writeString(
                before,
                "{\"plan\": \"old\", \"device\": \"slow\", \"medianStepSeconds\": 1000,"
                        + " \"stepSeconds\": [1000, 1000, 1000, 1000]}");
        JsonNode result =
                json(
                        with(
                                denoise,
                                "--plan=uniform-2",
                                "--against=uniform-6",
                                "--baseline=" + before));
        JsonNode plans = result.get("gains").get(0);
        assertThat(plans.get("over").asText()).isEqualTo("uniform-6 without adapters");
        assertThat(plans.get("fewerSteps").asDouble()).isEqualTo(3);
        JsonNode devices = result.get("gains").get(1);
        assertThat(devices.get("over").asText()).isEqualTo("old on slow, " + before);
        assertThat(devices.get("fewerSteps").asDouble()).isEqualTo(2);
        double step = result.get("medianStepSeconds").asDouble();
        assertThat(devices.get("fasterSteps").asDouble()).isEqualTo(1000 / step);
        assertThat(devices.get("total").asDouble()).isEqualTo(2 * (1000 / step));
        assertThat(result.get("pictureSeconds").asDouble()).isEqualTo(2 * step);
        assertThat(result.get("peakBytes").asLong()).isPositive();
    }

    @Test
    void baselineOfAnotherKind_isRefusedBeforeTheRun(@TempDir Path folder) throws IOException {
        for (String text : new String[] {"root:x:0:0", "{}", ""}) {
            Path file = Files.writeString(folder.resolve("before.json"), text);
            err.reset();
            int code = run("bench", "denoise", "--family=flux.1-dev", "--baseline=" + file);
            assertThat(code).isEqualTo(ExitCode.WRONG_USE);
            assertThat(err.toString())
                    .contains(file + ": expected what bench denoise --json printed")
                    .doesNotContain("transformer");
        }
    }

    @Test
    void denoise_onTheEmulatedDevice_timesStepsAndSwitch(@TempDir Path model) throws IOException {
        assumeTrue(emulatedProblem() == null, emulatedProblem());
        TinyDit.in(model);
        JsonNode result =
                json(
                        "bench",
                        "denoise",
                        "--device=cuda-emulated",
                        "--model=" + model,
                        "--rank=2",
                        "--plan=glance-8",
                        "--json");
        assertThat(result.get("device").asText()).startsWith("cuda-emulated, ");
        assertThat(result.get("stepSeconds")).hasSize(8);
        assertThat(result.get("switchSeconds")).hasSize(1);
    }

    private static String emulatedProblem() {
        return Devices.list().stream()
                .filter(device -> device.id().equals("cuda-emulated"))
                .findFirst()
                .map(DeviceInfo::problem)
                .orElse(null);
    }

    private static String[] with(String[] args, String... more) {
        return Stream.of(args, more).flatMap(Stream::of).toArray(String[]::new);
    }

    @Test
    void memory_ofAPublishedModel_isThatOfItsSize() throws IOException {
        JsonNode result = json("bench", "memory", "--family", "qwen-image", "--json");
        assertThat(result.get("width").asInt()).isEqualTo(1024);
        long transformer = result.get("parts").get(1).get("weightBytes").asLong();
        assertThat(transformer)
                .as(
                        "13.6 of 20.4 billion parameters in BF16: the rest is read once, before the steps")
                .isEqualTo(27_208_612_992L);
    }

    @Test
    void memory_onASmallCard_saysWhatStreams() throws IOException {
        JsonNode transformer =
                json("bench", "memory", "--size", "32x32", "--memory", "8MB", "--json")
                        .get("parts")
                        .get(1);
        assertThat(transformer.get("hostBytes").asLong()).isPositive();
        long onTheDevice =
                transformer.get("weightBytes").asLong() + transformer.get("scratchBytes").asLong();
        assertThat(onTheDevice).isLessThanOrEqualTo(7_200_000);
    }

    @Test
    void memory_ofTraining_hasItsParts() throws IOException {
        JsonNode result = json("bench", "memory", "--train", "--size", "32x32", "--json");
        assertThat(result.get("parts").findValuesAsText("name"))
                .containsExactly("text encoder", "autoencoder", "training");
    }

    @Test
    void kernels_writesTablesAndBothFiles(@TempDir Path folder) throws IOException {
        Path json = folder.resolve("kernels.json");
        Path markdown = folder.resolve("kernels.md");
        int exitCode =
                run(
                        "bench",
                        "kernels",
                        "--device=cpu",
                        "--shrink=64",
                        "--rounds=2",
                        "--only=lora.*16x48x48|gelu",
                        "--json=" + json,
                        "--markdown=" + markdown);
        assertThat(exitCode).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("What an adapter adds", "16x48x48", "gelu.64x192", "cuBLAS not measured");
        JsonNode result = new ObjectMapper().readTree(json.toFile());
        assertThat(result.get("rows")).hasSize(10);
        assertThat(result.get("lora")).hasSize(3);
        assertThat(result.get("command").asText())
                .startsWith("glance-engine bench kernels --device=cpu --shrink=64");
        assertThat(Files.readString(markdown))
                .contains("# Kernels on cpu", "divided by 64", "| lora.fused.r64.16x48x48 | ");
    }

    @Test
    void kernels_verifyOnly_timesNothing() {
        assertThat(
                        run(
                                "bench",
                                "kernels",
                                "--device=cpu",
                                "--shrink=64",
                                "--verify-only",
                                "--only=conv2d"))
                .isZero();
        assertThat(out.toString())
                .contains("Sampled results compared with float64", "conv2d.qwen.16x16x8")
                .doesNotContain("floor");
    }

    @Test
    void kernels_wrongUse_isExplained(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "no JSON");
        Map<String, String> expected =
                Map.of(
                        "--only=[",
                        "--only [: not a regular expression",
                        "--only=nothing",
                        "no kernel has such a name; --list prints them all",
                        "--rounds=0",
                        "--rounds must be 1 or more, got 0",
                        "--shrink=0",
                        "--shrink must be 1 or more, got 0",
                        "--peak=-1",
                        "--peak must be positive",
                        "--peer=" + text,
                        "not JSON",
                        "--json=" + folder.resolve("no/file"),
                        "its folder does not exist");
        expected.forEach(
                (option, words) -> {
                    err.reset();
                    assertThat(run("bench", "kernels", option)).isEqualTo(ExitCode.WRONG_USE);
                    assertThat(err.toString()).contains(words);
                });
    }

    @Test
    void wrongUse_isExplained() {
        assertThat(run("bench")).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString()).contains("kernels, denoise or memory");
        err.reset();
        assertThat(run("bench", "memory", "--family", "x")).isEqualTo(ExitCode.WRONG_USE);
        assertThat(err.toString())
                .contains("--family: layout 'x': expected one of qwen-image, qwen-image-edit");
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

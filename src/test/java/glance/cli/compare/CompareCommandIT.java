package glance.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import glance.cli.EngineProcess;
import glance.cli.EngineProcess.Result;
import glance.cli.common.ExitCode;
import glance.io.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command compare on the built jar. */
class CompareCommandIT {
    private static final Path ADAPTERS =
            Path.of(System.getProperty("glance.fixtures"), "glance-tiny-pipeline");
    private static final String SLOW = ADAPTERS.resolve("slow.safetensors").toString();
    private static final String FAST = ADAPTERS.resolve("fast.safetensors").toString();
    private static final Path SCENES = Path.of("eval/scenes.jsonl").toAbsolutePath();

    @TempDir private Path folder;
    private EngineProcess engine;

    @BeforeEach
    void prepare() {
        engine = EngineProcess.in(folder);
    }

    @Test
    void controlsOnScenes_areMeasuredScoredAndWritten() throws IOException {
        Result result =
                engine.run(
                        "compare",
                        "--prompts",
                        SCENES.toString(),
                        "--limit",
                        "2",
                        "--seeds",
                        "2",
                        "--teacher",
                        "uniform-6",
                        "--preset",
                        "controls,sweep",
                        "--preset-plan",
                        plan(),
                        "--slow",
                        SLOW,
                        "--fast",
                        FAST + ":0.5",
                        "--out",
                        "new/out",
                        "--pictures");
        assertThat(result.exitCode()).as(result.err()).isZero();
        List<String> runs =
                List.of(
                        "teacher",
                        "base-uniform-2",
                        "base",
                        "slow-only",
                        "fast-only",
                        "slow+fast",
                        "swapped",
                        "slow-everywhere",
                        "fast-everywhere");
        assertThat(result.out().lines())
                .anyMatch(
                        line ->
                                line.matches(
                                        "run +steps +passes +seconds +PSNR dB .*all right % +won +lost +p"))
                .anyMatch(line -> line.matches("slow\\+fast +2 +4 +\\d+\\.\\d\\d .*"));
        assertThat(folder.resolve("new/out/report.md"))
                .content()
                .contains("| slow+fast |", "](sheet.png)", "\n2. ")
                .containsPattern("- date: \\d{4}-\\d\\d-\\d\\dT");
        assertThat(Files.readAllLines(folder.resolve("new/out/pictures.csv")))
                .hasSizeGreaterThanOrEqualTo(1 + 4 * runs.size());
        JsonNode root =
                new ObjectMapper().readTree(folder.resolve("new/out/results.json").toFile());
        assertThat(root.at("/runs").findValuesAsText("name")).containsAll(runs);
        assertThat(root.at("/pictures/0/run").asText()).isEqualTo("teacher");
        assertThat(root.at("/pictures/0/psnr").isNull()).isTrue();
        assertThat(root.at("/pictures/1/psnr").asDouble()).isPositive();
        assertThat(root.at("/pictures/1/background").isBoolean()).isTrue();
        assertThat(Images.read(folder.resolve("new/out/sheet.png")).getHeight())
                .isGreaterThan(4 * 128);
        assertThat(folder.resolve("new/out/pictures/001-0-slow_fast.png")).exists();
        assertNoParts(folder.resolve("new/out"));
    }

    private String plan() throws IOException {
        Files.writeString(
                folder.resolve("two.json"),
                "{\"of\": 6, \"keep\": [1, 4], \"phases\": {\"slow\": [1, 1], \"fast\": [2, 2]}}");
        return "two.json";
    }

    @Test
    void samePlanAsTheTeacher_isEqual() throws IOException {
        Result result =
                engine.run(
                        "compare",
                        "a red circle",
                        "--teacher",
                        "uniform-3",
                        "--plans",
                        "uniform-3",
                        "--run",
                        "with=uniform-3," + SLOW + ":0.5@1-2," + FAST + "@3",
                        "--json");
        assertThat(result.exitCode()).as(result.err()).isZero();
        JsonNode pictures = new ObjectMapper().readTree(result.out()).get("pictures");
        assertThat(pictures).hasSize(3);
        assertThat(pictures.get(1).get("latent_error").asDouble()).isZero();
        assertThat(pictures.get(1).get("forward_passes").asInt()).isEqualTo(6);
        assertThat(pictures.get(2).get("latent_error").asDouble()).isPositive();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void cache_keepsRunsForLaterComparisons() throws IOException {
        String[] command = {
            "compare", "a red circle", "--teacher", "uniform-3", "--cache", "kept", "--json"
        };
        Result first = engine.run(with(command, "--plans", "uniform-2"));
        assertThat(first.exitCode()).as(first.err()).isZero();
        try (Stream<Path> files = Files.list(folder.resolve("kept"))) {
            assertThat(files).hasSize(2);
        }
        Result second = engine.run(with(command, "--plans", "uniform-2"));
        Result third = engine.run(with(command, "--plans", "uniform-2"));
        assertThat(second.exitCode()).as(second.err()).isZero();
        JsonNode after = new ObjectMapper().readTree(second.out()).get("pictures");
        // Times too are those of the run that was kept.
        assertThat(new ObjectMapper().readTree(third.out()).get("pictures")).isEqualTo(after);
        JsonNode before = new ObjectMapper().readTree(first.out()).get("pictures");
        assertThat(after.get(1).get("psnr")).isEqualTo(before.get(1).get("psnr"));
    }

    @Test
    void grid_isAPictureAndATable() throws IOException {
        Result result =
                engine.run(
                        "compare",
                        "a red circle",
                        "--teacher",
                        "uniform-1",
                        "--plan",
                        "uniform-2",
                        "--lora-grid",
                        SLOW + "@1=0,1",
                        "--lora-grid",
                        FAST + "@2=0,0.5,1",
                        "--out",
                        "grid",
                        "--pictures");
        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.err()).contains("7 pictures, 13 steps");
        assertThat(result.out().lines()).anyMatch(line -> line.startsWith("slow:1@1 + fast:0.5@2"));
        assertThat(folder.resolve("grid/report.md"))
                .content()
                .contains("| PSNR dB | fast 0 @2 | fast 0.5 @2 | fast 1 @2 |", "](grid.png)");
        assertThat(Images.read(folder.resolve("grid/grid.png")).getWidth()).isGreaterThan(3 * 256);
        assertThat(folder.resolve("grid/pictures/001-0-base.png")).exists();
        assertThat(folder.resolve("grid/sheet.png")).doesNotExist();
    }

    private static String[] with(String[] command, String... more) {
        return Stream.concat(Stream.of(command), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void earlierResults_areKeptUnlessToldOtherwise() throws IOException {
        Files.writeString(folder.resolve("report.md"), "mine");
        String[] command = {
            "compare",
            "a red circle",
            "--teacher",
            "uniform-2",
            "--plans",
            "uniform-1",
            "--out",
            "."
        };
        Result refused = engine.run(command);
        assertThat(refused.exitCode()).isEqualTo(ExitCode.WRONG_USE);
        assertThat(refused.err())
                .isEqualTo(
                        "glance-engine: error: --out .: holds report.md already; choose another"
                                + " folder or use --overwrite"
                                + System.lineSeparator());
        assertThat(folder.resolve("report.md")).hasContent("mine");
        Result told = engine.run(with(command, "--overwrite"));
        assertThat(told.exitCode()).as(told.err()).isZero();
        assertThat(folder.resolve("report.md")).content().contains("| uniform-1 |");
    }

    @Test
    void damagedScenes_areRefusedByPlace() throws IOException {
        Files.writeString(
                folder.resolve("bad.jsonl"),
                Files.readAllLines(SCENES).get(0)
                        + "\n"
                        + Files.readAllLines(SCENES).get(1).replace("\"ring\"", "\"blob\""));
        Result result = engine.run("compare", "--prompts", "bad.jsonl", "--plans", "uniform-1");
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err())
                .startsWith("glance-engine: error: bad.jsonl: object 2.objects[0].shape: ")
                .contains("known: circle, square");
        assertThat(result.err().lines()).hasSize(1);
    }

    @Test
    void adapterOfAnotherModel_isRefused() {
        Path other =
                Path.of(
                        System.getProperty("glance.fixtures"),
                        "qwenimage-transformer/lora.safetensors");
        Result result = engine.run("compare", "x", "--run", "a=glance," + other, "--out", "out");
        assertThat(result.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(result.err().lines().filter(line -> line.contains("error: "))).hasSize(1);
        assertThat(result.err()).contains("lora.safetensors");
        assertThat(folder.resolve("out/report.md")).doesNotExist();
    }

    @Test
    void interrupted_writesWhatIsComplete() throws Exception {
        Process process =
                engine.start(
                        List.of(),
                        "compare",
                        "--prompts",
                        SCENES.toString(),
                        "--plans",
                        "uniform-2",
                        "--pictures",
                        "--out",
                        "out");
        Path second = folder.resolve("out/pictures/001-0-uniform-2.png");
        for (int i = 0; i < 600 && !Files.exists(second); i++) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
        // Not process.destroy(), which also closes the streams that are read below.
        process.toHandle().destroy();
        Result result = EngineProcess.finish(process);
        assertThat(result.err()).contains("interrupted; the results are of the first ");
        // 128 + SIGTERM, from the JVM that started the engine.
        assertThat(result.exitCode()).isEqualTo(143);
        assertThat(Files.readAllLines(folder.resolve("out/pictures.csv")))
                .hasSizeBetween(3, 2 * 90);
        assertThat(folder.resolve("out/report.md")).content().contains("| uniform-2 |");
        assertNoParts(folder.resolve("out"));
    }

    private static void assertNoParts(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }
}

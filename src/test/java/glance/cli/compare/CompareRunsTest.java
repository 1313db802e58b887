package glance.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Comparison;
import glance.api.Comparison.Run;
import glance.api.Lora;
import glance.api.LoraGrid;
import glance.api.Plans;
import glance.api.Request;
import glance.api.Strength;
import glance.cli.common.Session;
import glance.cli.common.StopRequest;
import glance.cli.common.WrongUseException;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.lora.PhaseNote;
import glance.tensor.DType;
import glance.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class CompareRunsTest {
    private final Session session = new Session(System.out, System.err, new StopRequest(), false);

    @TempDir private Path folder;

    private ModelFolder model;
    private Path slow;

    @BeforeEach
    void makeModel() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"X\"}");
        model = ModelFolder.open(folder);
        slow = Files.createDirectory(folder.resolve("experts")).resolve("slow.safetensors");
        HostTensor tensor = new HostTensor(DType.F32, Shape.of(1), ByteBuffer.allocate(4));
        Map<String, String> header = new PhaseNote("glance", "slow", List.of()).entries();
        SafetensorsWriter.write(slow, Map.of("x", tensor), header);
    }

    private static CompareRuns parse(String... options) {
        CompareRuns runs = new CompareRuns();
        CommandSpec spec =
                CommandSpec.create().addMixin("runs", CommandSpec.forAnnotatedObject(runs));
        new CommandLine(spec).parseArgs(options);
        return runs;
    }

    @Test
    void own_isTheModelsExpertsForThePlan_alsoWhereTheyAreNotUsedUnasked() throws IOException {
        CompareRuns runs = parse("--run", "a=glance,own", "--run", "b=glance");
        for (int i = 0; i < 2; i++) {
            assertThat(runs.contenders(session, model))
                    .extracting(Run::loras)
                    .containsExactly(List.of(Lora.of(slow).on("slow")), List.of());
            Files.writeString(folder.resolve("glance.json"), "{\"experts\": false}");
        }
    }

    @Test
    void ownOfAPlanWithoutAny_isRefused() {
        assertThatThrownBy(() -> parse("--run", "a=full,own").contenders(session, model))
                .isInstanceOf(WrongUseException.class)
                .hasMessage("--run: own: the model has no experts of its own for the plan full");
    }

    @Test
    void plansThatHaveExperts_areSaidToRunWithout() {
        assertThat(parse("--plans", "glance", "full").noteWithoutOwn(model))
                .isEqualTo(
                        "glance of --plans without the model's own experts; --run own=glance,own"
                                + " adds them");
        assertThat(parse("--plans", "full,20").noteWithoutOwn(model)).isNull();
    }

    @Test
    void listsOfStrengthsAndSteps_stayWithTheirAdapter() {
        String strong = slow + ":1/0.8/0.5@1,3-4";
        assertThat(parse("--run", "a=glance," + strong + ",own").contenders(session, model))
                .extracting(Run::loras)
                .containsExactly(List.of(Lora.parse(strong), Lora.of(slow).on("slow")));
    }

    private Comparison comparison(String... options) {
        return parse(options).of(session, Request.of("a red circle"), model);
    }

    @Test
    void grid_hasTheStrengthsBehindTheLastSign() {
        Comparison grid =
                comparison(
                        "--lora-grid",
                        slow + "@sigma=1..0.8=0,0.2..1,1/0.5",
                        "--lora-grid",
                        slow + "=-1",
                        "--plan",
                        "uniform-4");
        LoraGrid expected =
                new LoraGrid(
                        List.of(
                                new LoraGrid.Axis(
                                        Lora.of(slow).on("sigma=1..0.8"),
                                        List.of(
                                                Strength.of(0),
                                                Strength.ramp(0.2f, 1),
                                                Strength.each(1, 0.5f))),
                                new LoraGrid.Axis(Lora.of(slow), List.of(Strength.of(-1)))),
                        List.of());
        assertThat(grid.grid()).contains(expected);
        assertThat(grid.request().plan()).contains(Plans.uniform(4));
    }

    @Test
    void gridSteps_areSeparatedOrRepeated() {
        String[] options = {
            "--lora-grid", slow + "=0,1", "--grid-steps", "slow;1-3,7", "--grid-steps", "fast"
        };
        assertThat(comparison(options).grid()).contains(grid("slow", "1-3,7", "fast"));
    }

    private LoraGrid grid(String... steps) {
        return LoraGrid.of(Lora.of(slow), 0, 1).on(steps);
    }

    @Test
    void gridsThatMakeNoSense_areRefused() {
        assertThatThrownBy(() -> comparison("--lora-grid", slow + ":0.5=0,1"))
                .isInstanceOf(WrongUseException.class)
                .hasMessageEndingWith("strengths stand behind '='; leave out :0.5");
        assertThatThrownBy(() -> comparison("--lora-grid", slow + "=0,,1"))
                .isInstanceOf(WrongUseException.class)
                .hasMessageStartingWith("--lora-grid: strength '' is not a number");
        assertThatThrownBy(() -> comparison("--lora-grid", slow + "=1", "--grid-steps", "1-"))
                .isInstanceOf(WrongUseException.class)
                .hasMessageStartingWith("--grid-steps: steps '1-'");
    }
}

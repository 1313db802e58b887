package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import glance.api.Lora;
import glance.fixtures.Fixture;
import glance.io.ModelFolder;
import glance.lora.Expert;
import glance.lora.LoraFile;
import glance.lora.LoraWriter;
import glance.lora.PhaseNote;
import glance.model.Family;
import glance.schedule.FlowMatchSchedule;
import glance.schedule.PhasePlan;
import glance.schedule.PlanJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertReaderTest {
    @TempDir private Path folder;

    private final List<String> warnings = new ArrayList<>();
    private final RunListener listener =
            new RunListener() {
                @Override
                public void warning(String message) {
                    warnings.add(message);
                }
            };

    /** Whether each step of a plan has the adapter. */
    private List<Boolean> steps(PhaseNote note, String options, String planName) {
        ModelFolder model = ModelFolder.open(Fixture.tinyModel());
        Family family = Families.of(model);
        PhasePlan plan =
                PhasePlan.of(
                        PlanJson.find(planName),
                        FlowMatchSchedule.read(model.config("scheduler")),
                        64);
        Path file = folder.resolve("adapter.safetensors");
        LoraFile recorded =
                LoraFile.open(
                        Fixture.folder("glance-tiny-pipeline").resolve("slow.safetensors"),
                        family.keyMap(),
                        TransformerModules.of(family, model));
        LoraWriter.write(file, recorded.pairs(), note == null ? Map.of() : note.entries());
        ExpertReader reader = new ExpertReader(family, model, Map.of());
        Expert expert = reader.read(List.of(Lora.parse(file + options)), plan, 1, listener).get(0);
        return plan.steps().stream()
                .map(step -> expert.strengths().containsKey(step.number()))
                .toList();
    }

    private static List<Boolean> of(int length, int first, int last) {
        List<Boolean> result = new ArrayList<>();
        for (int step = 1; step <= length; step++) {
            result.add(first <= step && step <= last);
        }
        return result;
    }

    private static PhaseNote note(String phase) {
        return new PhaseNote("glance", phase, List.of());
    }

    @Test
    void fileWithNote_alone_takesItsPhase() {
        assertThat(steps(note("slow"), "", "glance")).isEqualTo(of(10, 1, 5));
        assertThat(steps(note("fast"), ":0.5", "glance")).isEqualTo(of(10, 6, 10));
        assertThat(warnings).isEmpty();
    }

    @Test
    void fileWithNote_stepsGiven_takesThose() {
        assertThat(steps(note("slow"), "@2-3", "glance")).isEqualTo(of(10, 2, 3));
    }

    @Test
    void fileWithoutNote_takesAllSteps() {
        assertThat(steps(null, "", "glance")).isEqualTo(of(10, 1, 10));
    }

    @Test
    void fileWithNote_planWithoutThePhase_takesAllStepsAndWarns() {
        assertThat(steps(note("slow"), "", "uniform-3")).isEqualTo(of(3, 1, 3));
        assertThat(warnings).singleElement().asString().contains("phase slow of plan glance");
    }
}

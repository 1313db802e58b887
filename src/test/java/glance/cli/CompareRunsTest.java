package glance.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.api.Lora;
import glance.compare.Contender;
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
            assertThat(runs.contenders(model))
                    .extracting(Contender::adapters)
                    .containsExactly(List.of(Lora.of(slow).on("slow")), List.of());
            Files.writeString(folder.resolve("glance.json"), "{\"experts\": false}");
        }
    }

    @Test
    void ownOfAPlanWithoutAny_isRefused() {
        assertThatThrownBy(() -> parse("--run", "a=full,own").contenders(model))
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
}

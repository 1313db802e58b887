package glance.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import glance.io.FormatException;
import glance.io.HostTensor;
import glance.io.ModelFolder;
import glance.io.SafetensorsWriter;
import glance.lora.LoraSpec;
import glance.lora.PhaseNote;
import glance.schedule.PlanJson;
import glance.schedule.Plans;
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

class ExpertsTest {
    @TempDir private Path folder;

    private ModelFolder model;
    private Path slow;
    private Path fast;

    @BeforeEach
    void makeModel() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"_class_name\": \"X\"}");
        model = ModelFolder.open(folder);
        Files.createDirectory(folder.resolve("experts"));
        slow = expert("slow", new PhaseNote("glance", "slow", List.of()).entries());
        fast = expert("fast", new PhaseNote("glance", "fast", List.of()).entries());
        expert("style", Map.of());
        expert("other", new PhaseNote("glance-8", "slow", List.of()).entries());
    }

    private Path expert(String name, Map<String, String> header) {
        Path file = folder.resolve("experts").resolve(name + ".safetensors");
        HostTensor tensor = new HostTensor(DType.F32, Shape.of(1), ByteBuffer.allocate(4));
        SafetensorsWriter.write(file, Map.of("x", tensor), header);
        return file;
    }

    @Test
    void expertsOfThePlan_areUsedInTheirPhases() {
        assertThat(Experts.of(model, Plans.find("glance")))
                .containsExactlyInAnyOrder(
                        new LoraSpec(slow, 1, "slow"), new LoraSpec(fast, 1, "fast"));
    }

    @Test
    void otherPlans_haveNone() {
        assertThat(Experts.of(model, Plans.find("full"))).isEmpty();
        assertThat(Experts.of(model, Plans.find("glance-15"))).isEmpty();
        assertThat(Experts.of(model, PlanJson.parse("{\"name\": \"glance\", \"of\": 10}")))
                .as("a plan of that name without the phases")
                .isEmpty();
    }

    @Test
    void planWithAdaptersOfItsOwn_keepsToThem() {
        String own =
                "{\"name\": \"glance\", \"of\": 2, \"phases\": {\"slow\": [1, 1]},"
                        + " \"adapters\": {\"slow\": [\"a.safetensors\"]}}";
        assertThat(Experts.of(model, PlanJson.parse(own))).isEmpty();
    }

    @Test
    void expertsThatTheFolderTurnsOff_areNotUsed() throws IOException {
        Files.writeString(folder.resolve("glance.json"), "{\"experts\": false}");
        assertThat(Experts.of(model, Plans.find("glance"))).isEmpty();
        assertThat(Experts.carried(model, Plans.find("glance"))).as("if asked for").hasSize(2);
    }

    @Test
    void modelWithoutExperts_hasNone() throws IOException {
        Path bare = Files.createDirectory(folder.resolve("bare"));
        Files.writeString(bare.resolve("model_index.json"), "{\"_class_name\": \"X\"}");
        assertThat(Experts.of(ModelFolder.open(bare), Plans.find("glance"))).isEmpty();
    }

    @Test
    void damagedExpert_isNamed() throws IOException {
        Files.writeString(slow, "nothing");
        assertThatThrownBy(() -> Experts.of(model, Plans.find("glance")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("slow.safetensors");
    }

    @Test
    void isOf_tellsOwnFromOthers() {
        assertThat(Experts.isOf(model, new LoraSpec(slow, 1, null))).isTrue();
        assertThat(Experts.isOf(model, new LoraSpec(folder.resolve("a.safetensors"), 1, null)))
                .isFalse();
    }
}
